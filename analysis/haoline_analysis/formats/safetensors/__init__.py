"""SafeTensors files: a bounded reader of their headers, weights that stay in the file, and a writer."""
