"""From what a user passes to checked rows: the only place where input is judged."""
