"""Electrocardiograms: records in folders, protocols that keep persons apart, clips of records."""
