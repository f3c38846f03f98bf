"""The append log: records that outlive a SIGKILL as soon as they are appended, kept until the lake has them."""
