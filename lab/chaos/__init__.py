"""`make chaos`: a company moves while processes are killed and every link fails in part; nothing may be lost."""
