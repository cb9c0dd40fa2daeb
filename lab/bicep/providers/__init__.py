"""What the resource providers take, read out of Microsoft's management libraries: makes ``provider_types.json``.

``python -m lab.bicep.providers`` downloads the libraries as wheels, reads the models in them without running any of
their code, and keeps of each model only what ``infra/`` goes into. Needed when a type, a version or an object comes in
that is not described yet; the check itself needs the JSON alone.
"""
