"""The data that ranges are taken from: checked, fed one sample at a time, and told apart by a hash."""
