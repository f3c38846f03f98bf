"""Starting and stopping: settings, the data folder, the first password, signals."""
