"""The pieces of ``scripts/bench``: each measures one kind of work against a floor taken in the same run."""
