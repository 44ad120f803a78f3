"""What pytest finds here: the examples in the pages. Scripts and built pages are none of them."""

collect_ignore_glob = ["*.py", "_build/*", "examples/*", "gallery/*", "reference/generated/*"]
