// What Swift cannot import from libhdf5: macros that call H5open, and functions whose name or signature depends on
// the version of the library (1.10, 1.12, 1.14 and 2.x are covered). Nothing here decides anything.
#ifndef RNNTOOL_CHDF5_SHIM_H
#define RNNTOOL_CHDF5_SHIM_H

#include <hdf5.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "descriptor.h"

// Classes of property lists.

static inline hid_t chdf5_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t chdf5_file_create(void) { return H5P_FILE_CREATE; }
static inline hid_t chdf5_group_create(void) { return H5P_GROUP_CREATE; }
static inline hid_t chdf5_link_create(void) { return H5P_LINK_CREATE; }
static inline hid_t chdf5_dataset_create(void) { return H5P_DATASET_CREATE; }
static inline hid_t chdf5_dataset_transfer(void) { return H5P_DATASET_XFER; }
static inline hid_t chdf5_attribute_create(void) { return H5P_ATTRIBUTE_CREATE; }

// Flags.

static inline unsigned chdf5_read_only(void) { return H5F_ACC_RDONLY; }
static inline unsigned chdf5_exclusive(void) { return H5F_ACC_EXCL; }
static inline unsigned chdf5_truncate(void) { return H5F_ACC_TRUNC; }
static inline unsigned chdf5_local_objects(void) { return H5F_OBJ_ALL | H5F_OBJ_LOCAL; }
static inline size_t chdf5_variable(void) { return H5T_VARIABLE; }
static inline hsize_t chdf5_unlimited(void) { return H5S_UNLIMITED; }

// Types that every file shares with every machine. They belong to the library: never close them.

static inline hid_t chdf5_i8le(void) { return H5T_STD_I8LE; }
static inline hid_t chdf5_i16le(void) { return H5T_STD_I16LE; }
static inline hid_t chdf5_i32le(void) { return H5T_STD_I32LE; }
static inline hid_t chdf5_i64le(void) { return H5T_STD_I64LE; }
// A lock on a file goes on for as long as any process has it open, also one that was forked meanwhile. Where the library
// can do without (1.10.7 on, 1.12.1 on), a file that nobody else knows yet is written without.
static inline herr_t chdf5_do_not_lock(hid_t access) {
#if (H5_VERS_MAJOR == 1 && H5_VERS_MINOR == 10 && H5_VERS_RELEASE >= 7) || \
    (H5_VERS_MAJOR == 1 && H5_VERS_MINOR == 12 && H5_VERS_RELEASE >= 1) || \
    (H5_VERS_MAJOR == 1 && H5_VERS_MINOR > 12) || H5_VERS_MAJOR > 1
  return H5Pset_file_locking(access, 0, 1);
#else
  (void)access;
  return 0;
#endif
}

static inline hid_t chdf5_u8le(void) { return H5T_STD_U8LE; }
static inline hid_t chdf5_u16le(void) { return H5T_STD_U16LE; }
static inline hid_t chdf5_u32le(void) { return H5T_STD_U32LE; }
static inline hid_t chdf5_u64le(void) { return H5T_STD_U64LE; }
static inline hid_t chdf5_f32le(void) { return H5T_IEEE_F32LE; }
static inline hid_t chdf5_f64le(void) { return H5T_IEEE_F64LE; }
static inline hid_t chdf5_f64be(void) { return H5T_IEEE_F64BE; }
static inline hid_t chdf5_string(void) { return H5T_C_S1; }
static inline hid_t chdf5_object_reference(void) { return H5T_STD_REF_OBJ; }
static inline H5T_order_t chdf5_native_order(void) { return H5Tget_order(H5T_NATIVE_INT); }

// IEEE 754 binary16, little-endian: sign in bit 15, five bits of exponent from bit 10, ten bits of mantissa from
// bit 0. The library has a name for it only from 1.14.4 on. The caller owns the result.
static inline hid_t chdf5_make_f16le(void) {
  hid_t type = H5Tcopy(H5T_IEEE_F32LE);
  if (type < 0) return type;
  if (H5Tset_fields(type, 15, 10, 5, 0, 10) < 0 || H5Tset_size(type, 2) < 0 || H5Tset_ebias(type, 15) < 0) {
    H5Tclose(type);
    return H5I_INVALID_HID;
  }
  return type;
}

// The identity of an object within its file: an address up to 1.10, a token of 16 bytes later.
typedef struct {
  uint64_t low;
  uint64_t high;
} chdf5_address;

static inline herr_t chdf5_object_address(hid_t object, chdf5_address *address) {
  memset(address, 0, sizeof *address);
#if H5_VERSION_GE(1, 12, 0)
  H5O_info2_t info;
  if (H5Oget_info3(object, &info, H5O_INFO_BASIC) < 0) return -1;
  _Static_assert(sizeof info.token <= sizeof *address, "a token fits");
  memcpy(address, &info.token, sizeof info.token);
#else
  H5O_info_t info;
  if (H5Oget_info2(object, &info, H5O_INFO_BASIC) < 0) return -1;
  address->low = info.addr;
#endif
  return 0;
}

static inline herr_t chdf5_object_type(hid_t group, const char *name, H5O_type_t *type) {
#if H5_VERSION_GE(1, 12, 0)
  H5O_info2_t info;
  if (H5Oget_info_by_name3(group, name, &info, H5O_INFO_BASIC, H5P_DEFAULT) < 0) return -1;
#else
  H5O_info_t info;
  if (H5Oget_info_by_name2(group, name, &info, H5O_INFO_BASIC, H5P_DEFAULT) < 0) return -1;
#endif
  *type = info.type;
  return 0;
}

// The kind of a link as a number: 0 hard, 1 soft, 64 external, 65 to 255 defined by a user. The link is not followed.
static inline herr_t chdf5_link_type(hid_t group, const char *name, int *type) {
#if H5_VERSION_GE(1, 12, 0)
  H5L_info2_t info;
  if (H5Lget_info2(group, name, &info, H5P_DEFAULT) < 0) return -1;
#else
  H5L_info_t info;
  if (H5Lget_info(group, name, &info, H5P_DEFAULT) < 0) return -1;
#endif
  *type = (int)info.type;
  return 0;
}

// Iteration over names. The callback returns 0 to go on and a positive number to stop.

typedef int (*chdf5_name_visitor)(const char *name, void *context);

typedef struct {
  chdf5_name_visitor visit;
  void *context;
} chdf5_name_visit;

#if H5_VERSION_GE(1, 12, 0)
static inline herr_t chdf5_visit_link(hid_t group, const char *name, const H5L_info2_t *info, void *visit) {
#else
static inline herr_t chdf5_visit_link(hid_t group, const char *name, const H5L_info_t *info, void *visit) {
#endif
  (void)group;
  (void)info;
  chdf5_name_visit *self = visit;
  return self->visit(name, self->context);
}

static inline herr_t chdf5_each_link(hid_t group, chdf5_name_visitor visit, void *context) {
  chdf5_name_visit self = {visit, context};
#if H5_VERSION_GE(1, 12, 0)
  return H5Literate2(group, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, chdf5_visit_link, &self);
#else
  return H5Literate(group, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, chdf5_visit_link, &self);
#endif
}

static inline herr_t chdf5_visit_attribute(hid_t object, const char *name, const H5A_info_t *info, void *visit) {
  (void)object;
  (void)info;
  chdf5_name_visit *self = visit;
  return self->visit(name, self->context);
}

static inline herr_t chdf5_each_attribute(hid_t object, chdf5_name_visitor visit, void *context) {
  chdf5_name_visit self = {visit, context};
  return H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, chdf5_visit_attribute, &self);
}

// Variable-length strings: the library allocates one block a string. Here each block is taken from a budget, so that
// a file whose million references share one large string cannot exhaust the memory. The budget also keeps the blocks,
// as the library forgets those of a read that fails.

typedef struct chdf5_block {
  _Alignas(16) struct chdf5_block *next;
} chdf5_block;

typedef struct {
  size_t left;
  chdf5_block *blocks;
} chdf5_budget;

static inline void *chdf5_take(size_t size, void *context) {
  chdf5_budget *budget = context;
  if (size > budget->left || size > SIZE_MAX - sizeof(chdf5_block)) return NULL;
  chdf5_block *block = malloc(sizeof *block + size);
  if (block == NULL) return NULL;
  budget->left -= size;
  block->next = budget->blocks;
  budget->blocks = block;
  return block + 1;
}

// Blocks go all at once, with their budget.
static inline void chdf5_keep(void *block, void *context) {
  (void)block;
  (void)context;
}

static inline void chdf5_free_blocks(chdf5_budget *budget) {
  while (budget->blocks != NULL) {
    chdf5_block *block = budget->blocks;
    budget->blocks = block->next;
    free(block);
  }
}

// `budget` must outlive every transfer made with the property list.
static inline herr_t chdf5_set_budget(hid_t transfer, chdf5_budget *budget) {
  return H5Pset_vlen_mem_manager(transfer, chdf5_take, budget, chdf5_keep, budget);
}

static inline herr_t chdf5_reclaim(hid_t type, hid_t space, hid_t transfer, void *buffer) {
#if H5_VERSION_GE(1, 12, 0)
  return H5Treclaim(type, space, transfer, buffer);
#else
  return H5Dvlen_reclaim(type, space, transfer, buffer);
#endif
}

#endif
