"""What the renderings of all results share: words, text, frames, pages and plots."""
