"""What all that emits files shares: headers with a seal, templates, YAML text.

`seal` is the header of every generated file, `templates` how Jinja templates are read, `yaml_text` all quoting into
YAML. To share another format's quoting: one module here, when a second emitter needs it.
"""
