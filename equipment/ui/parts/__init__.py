"""Small scripts of ours in the page, for what only a browser can do. None of them writes HTML, none holds data."""
