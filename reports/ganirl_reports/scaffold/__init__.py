"""What ``ganirl init`` writes into a project: an adapter to fill in, its configuration, a test and a workflow."""
