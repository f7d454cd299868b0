"""Type tests: a kit runs on the worker against a sample, people judge what a machine cannot, a report is drawn up."""
