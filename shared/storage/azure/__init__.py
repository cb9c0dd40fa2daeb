"""The stores on Azure Storage: tables, blobs and queues, through the SDKs' async clients."""
