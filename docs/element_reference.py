#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""element_reference.py: prints docs/element-reference.md, what the elements say about themselves to GStreamer.

    GST_PLUGIN_PATH=build/elements docs/element_reference.py >docs/element-reference.md

What GStreamer's own classes have is not in it: its versions differ there. The test `element-reference` compares.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GObject, Gst  # noqa: E402

ELEMENTS = ["gvlground", "gvlsegmenter", "gvlspatialencoder", "gvltemporalencoder", "gvlfuser", "gvlgroundedllm",
            "gvlindexer", "gvloverlay", "gvlclipper", "gvlpublish"]

HEAD = """# Element reference

Made by `docs/element_reference.py` of what the elements say to GStreamer; `gst-inspect-1.0 ELEMENT` says the same.
[elements.md](elements.md) explains them. All are there since version 0.2.
"""

# Until which state a property may be set.
STATES = [(Gst.PARAM_MUTABLE_PLAYING, "at any time"), (Gst.PARAM_MUTABLE_PAUSED, "up to PAUSED"),
          (Gst.PARAM_MUTABLE_READY, "up to READY")]


def is_ours(gtype):
    return gtype.name.startswith("Gvl")


def factory_of(name):
    factory = Gst.ElementFactory.find(name)
    if not factory:
        sys.exit(f"no element {name}: set GST_PLUGIN_PATH")
    return factory


def properties_of(element):
    """Those that no class of GStreamer has, in order."""
    return [spec for spec in element.list_properties() if is_ours(spec.owner_type)]


def signals_of(element):
    """Those of our classes, as (name, parameters, return value)."""
    gtype = element.__gtype__
    found = []
    while is_ours(gtype):
        for name in GObject.signal_list_names(gtype):
            query = GObject.signal_query(name, gtype)
            found.append((name, [kind.name for kind in query.param_types], query.return_type.name))
        gtype = gtype.parent
    return found


def values_of(spec):
    """The nicks of an enumeration or of flags, with what they mean."""
    kind = getattr(spec, "enum_class", None) or getattr(spec, "flags_class", None)
    values = getattr(kind, "__enum_values__", None) or getattr(kind, "__flags_values__", {})
    return [(value.value_nicks[0] if hasattr(value, "value_nicks") else value.value_nick,
             value.value_names[0] if hasattr(value, "value_names") else value.value_name) for value in values.values()]


def type_of(spec):
    if spec.value_type.is_a(GObject.TYPE_ENUM) or spec.value_type.is_a(GObject.TYPE_FLAGS):
        return ", ".join(f"`{nick}` ({meaning})" for nick, meaning in values_of(spec))
    names = {"gchararray": "text", "gboolean": "`true` or `false`", "GstValueArray": "array of texts",
             "GstStructure": "structure"}
    if spec.value_type.name in names:
        return names[spec.value_type.name]
    kind = "number" if spec.value_type.name in ("gdouble", "gfloat") else "integer"
    return f"{kind} from {number(spec.minimum)} to {number(spec.maximum)}"


def number(value):
    return f"{value:g}" if isinstance(value, float) else str(value)


def default_of(spec):
    if not spec.flags & GObject.ParamFlags.WRITABLE:
        return "read only"
    name = spec.value_type.name
    if spec.value_type.is_a(GObject.TYPE_ENUM):
        return f"`{spec.default_value.value_nick}`"
    if spec.value_type.is_a(GObject.TYPE_FLAGS):
        return "+".join(f"`{nick}`" for nick in spec.default_value.value_nicks)
    if name in ("GstValueArray", "gchararray"):
        default = getattr(spec, "default_value", None) if name == "gchararray" else None
        return f"`{default}`" if default else "none"
    return f"`{str(spec.default_value).lower()}`" if name == "gboolean" else f"`{number(spec.default_value)}`"


def state_of(spec):
    if not spec.flags & GObject.ParamFlags.WRITABLE:
        return ""
    return next(text for flag, text in STATES if int(spec.flags) & int(flag))


def cell(text):
    return text.replace("|", "\\|")


def page_of(name):
    factory = factory_of(name)
    element = factory.create(None)
    lines = [f"## {name}", "", factory.get_metadata("description") + ".", "", f"*{factory.get_metadata('klass')}*", ""]
    # Their order is not the same with and without a registry that was written before.
    for template in sorted(factory.get_static_pad_templates(), key=lambda one: (one.presence, one.name_template)):
        presence = {Gst.PadPresence.ALWAYS: "always", Gst.PadPresence.REQUEST: "on request",
                    Gst.PadPresence.SOMETIMES: "sometimes"}[template.presence]
        direction = "in" if template.direction == Gst.PadDirection.SINK else "out"
        lines.append(f"- pad `{template.name_template}` ({direction}, {presence})")
    lines += ["", "| property | what it takes | default | may be set | |", "|---|---|---|---|---|"]
    for spec in properties_of(element):
        lines.append("| " + " | ".join(map(cell, (f"`{spec.name}`", type_of(spec), default_of(spec), state_of(spec),
                                                  spec.blurb))) + " |")
    for signal, parameters, returned in signals_of(element):
        lines += ["", f"Action signal `{signal}({', '.join(parameters)})`, which returns a `{returned}`: see "
                      "[elements.md](elements.md)."]
    return "\n".join(lines) + "\n"


def page():
    Gst.init(None)
    return HEAD + "\n" + "\n".join(page_of(name) for name in ELEMENTS)


if __name__ == "__main__":
    print(page(), end="")
