"""Where secret keys live: the log's, those of hosted organisations, and the one that wraps data keys."""
