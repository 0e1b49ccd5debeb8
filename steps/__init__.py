"""What a container runs. This floor imports neither `pipelines` nor `phases`."""
