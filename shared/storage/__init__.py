"""Where Portage remembers: ``azure`` over Azure Storage, ``memory`` as its double under the same contract suite."""
