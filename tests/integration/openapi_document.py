"""docs/openapi.json as an independent client reads it: what may be asked, with valid and invalid bodies made from the schemas, and
whether an answer is one that the document promises."""

import json
import os
import sys

try:
    import jsonschema
except ModuleNotFoundError:
    # Debian's package is for Debian's Python; it also serves another one.
    sys.path.append("/usr/lib/python3/dist-packages")
    try:
        import jsonschema
    except ModuleNotFoundError:
        raise RuntimeError("Python's jsonschema is missing: ./dev installs it (Debian: python3-jsonschema)") from None

FILE = os.path.join(os.path.dirname(__file__), "..", "..", "docs", "openapi.json")
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

#: Texts that mean something where the schema only says "a string".
TEXTS = {"url": "/a", "client": "127.0.0.1", "method": "GET"}


class Operation:
    """One method of one path."""

    def __init__(self, document, path, method, fields):
        self.document = document
        self.path = path
        self.method = method.upper()
        self.fields = fields

    def __repr__(self):
        return f"{self.method} {self.path}"

    @property
    def needs_token(self):
        return bool(self.fields.get("security"))

    @property
    def statuses(self):
        return {int(status) for status in self.fields["responses"]}

    @property
    def body_schema(self):
        if "requestBody" not in self.fields:
            return None
        return self.document.resolve(self.fields["requestBody"]["content"]["application/json"]["schema"])

    def target(self, **values):
        """The path with these parameters."""
        return self.path.format(**values)

    def check(self, response):
        """Fails unless the response is one that the document describes."""
        described = self.fields["responses"].get(str(response.status))
        assert described is not None, f"{self} answers {response.status}, which the document does not have: {response}"
        described = self.document.resolve(described)
        for name, header in described.get("headers", {}).items():
            self.check_header(response, name, header)
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip()
        assert kind in described["content"], f"{self} answers {response.status} as {kind!r}"
        if self.method == "HEAD":
            return
        value = json.loads(response.text) if kind == "application/json" else response.text
        self.document.validator(described["content"][kind]["schema"]).validate(value)

    def check_header(self, response, name, header):
        value = response.headers.get(name)
        assert value is not None or not header.get("required"), f"{self} answers {response.status} without {name}"
        if value is not None:
            is_number = header["schema"].get("type") == "integer"
            self.document.validator(header["schema"]).validate(int(value) if is_number else value)


class Document:
    def __init__(self, root):
        self.root = root

    @classmethod
    def of_file(cls):
        with open(FILE, encoding="utf-8") as file:
            return cls(json.load(file))

    def operations(self):
        return [Operation(self, path, method, item[method])
                for path, item in self.root["paths"].items() for method in METHODS if method in item]

    def methods_of(self, path):
        return {one.method for one in self.operations() if one.path == path}

    def resolve(self, node):
        """What a reference stands for, or the node itself."""
        while "$ref" in node:
            found = self.root
            for key in node["$ref"].removeprefix("#/").split("/"):
                found = found[key]
            node = found
        return node

    def validator(self, schema):
        # References of a schema are of its own root.
        whole = {**schema, "components": self.root["components"]}
        return jsonschema.Draft202012Validator(whole, format_checker=jsonschema.FormatChecker())

    def is_valid(self, schema, value):
        return self.validator(schema).is_valid(value)


def valid_values(schema, name=""):
    """Values of every kind that a schema without references takes."""
    if "enum" in schema:
        return list(schema["enum"])
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    values = []
    for kind in kinds:
        if kind == "object":
            values += valid_objects(schema)
        elif kind == "array":
            values.append([valid_values(schema["items"])[0]] * schema.get("minItems", 1))
        else:
            values += {"null": [None], "boolean": [True, False], "string": [TEXTS.get(name, "text")],
                       "integer": [schema.get("minimum", 0), schema.get("maximum", 1000)]}[kind]
    return values


def valid_objects(schema):
    """The least object, one with each optional member, and one for each value of each member."""
    base = {key: valid_values(schema["properties"][key], key)[0] for key in schema.get("required", [])}
    objects = [base]
    for key, member in schema["properties"].items():
        objects += [{**base, key: value} for value in valid_values(member, key)]
    return [one for i, one in enumerate(objects) if one not in objects[:i] and len(one) >= schema.get("minProperties", 0)]


def candidates_for_invalid(schema):
    """Bodies of which most break an object's schema; whoever uses them asks the schema."""
    base = valid_objects(schema)[0]
    found = [[], None, "text", 1, {**base, "unheard_of": 1}, {}]
    for key in base:
        found.append({other: value for other, value in base.items() if other != key})
    for key in schema["properties"]:
        found += [{**base, key: wrong} for wrong in (1.5, -1, 1_000_001, "nonsense", [], [1], [["one"]], {}, True, "")]
    return found
