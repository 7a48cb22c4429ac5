#include "CEmbeddedTexts.h"

// The specification and the schemas exist once, as files of the repository: the compiler copies them from there.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char specification[] = {
#embed "../../docs/FORMAT.md"
};
static const unsigned char architecture[] = {
#embed "../../schemas/architecture.schema.json"
};
static const unsigned char metadata[] = {
#embed "../../schemas/metadata.schema.json"
};
static const unsigned char lineage[] = {
#embed "../../schemas/lineage.schema.json"
};
static const unsigned char layout[] = {
#embed "../../schemas/layout.json"
};
static const unsigned char rules[] = {
#embed "../../schemas/rules.json"
};

static const embedded_text texts[] = {
    {"FORMAT.md", specification, sizeof specification},
    {"architecture.schema.json", architecture, sizeof architecture},
    {"layout.json", layout, sizeof layout},
    {"lineage.schema.json", lineage, sizeof lineage},
    {"metadata.schema.json", metadata, sizeof metadata},
    {"rules.json", rules, sizeof rules},
};

size_t embedded_text_count(void) { return sizeof texts / sizeof texts[0]; }

embedded_text embedded_text_at(size_t index) { return texts[index]; }
