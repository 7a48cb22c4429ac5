// A file driver that reads from a descriptor that is open already: for a process that has given up the right to open
// anything. It neither writes nor looks at names.
#ifndef RNNTOOL_CHDF5_DESCRIPTOR_H
#define RNNTOOL_CHDF5_DESCRIPTOR_H

#include <errno.h>
#include <hdf5.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#if H5_VERSION_GE(1, 13, 0)
#include <H5FDdevelop.h>
#endif

typedef struct {
  int descriptor;
} chdf5_descriptor_info;

typedef struct {
  H5FD_t base;  // First, as the library requires.
  int descriptor;
  haddr_t allocated;
  haddr_t size;
} chdf5_descriptor_file;

static H5FD_t *chdf5_descriptor_open(const char *name, unsigned flags, hid_t access, haddr_t maximum) {
  (void)name;
  (void)maximum;
  const chdf5_descriptor_info *info = H5Pget_driver_info(access);
  if (info == NULL || (flags & H5F_ACC_RDWR) != 0) return NULL;
  // Not fstat(): newer C libraries make a call of it that takes names too, which such a process has no right to.
  off_t size = lseek(info->descriptor, 0, SEEK_END);
  if (size < 0) return NULL;
  chdf5_descriptor_file *file = calloc(1, sizeof *file);
  if (file == NULL) return NULL;
  file->descriptor = info->descriptor;
  file->size = (haddr_t)size;
  return &file->base;
}

// The descriptor stays open: it belongs to the caller.
static herr_t chdf5_descriptor_close(H5FD_t *file) {
  free(file);
  return 0;
}

static haddr_t chdf5_descriptor_get_eoa(const H5FD_t *file, H5FD_mem_t type) {
  (void)type;
  return ((const chdf5_descriptor_file *)file)->allocated;
}

static herr_t chdf5_descriptor_set_eoa(H5FD_t *file, H5FD_mem_t type, haddr_t address) {
  (void)type;
  ((chdf5_descriptor_file *)file)->allocated = address;
  return 0;
}

static haddr_t chdf5_descriptor_get_eof(const H5FD_t *file, H5FD_mem_t type) {
  (void)type;
  return ((const chdf5_descriptor_file *)file)->size;
}

// Beyond the end of the file there are zeros, as the driver of the library itself has it.
static herr_t chdf5_descriptor_read(
    H5FD_t *base, H5FD_mem_t type, hid_t transfer, haddr_t address, size_t count, void *buffer) {
  (void)type;
  (void)transfer;
  const chdf5_descriptor_file *file = (const chdf5_descriptor_file *)base;
  char *target = buffer;
  if (address == HADDR_UNDEF || address > file->allocated || count > file->allocated - address) return -1;
  while (count > 0) {
    ssize_t got = pread(file->descriptor, target, count, (off_t)address);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) {
      memset(target, 0, count);
      break;
    }
    target += got;
    address += (haddr_t)got;
    count -= (size_t)got;
  }
  return 0;
}

static herr_t chdf5_descriptor_write(
    H5FD_t *file, H5FD_mem_t type, hid_t transfer, haddr_t address, size_t count, const void *buffer) {
  (void)file;
  (void)type;
  (void)transfer;
  (void)address;
  (void)count;
  (void)buffer;
  return -1;
}

// Makes a file access property list read from an open descriptor, whatever name the file is opened by.
static inline herr_t chdf5_set_descriptor(hid_t access, int descriptor) {
  static const H5FD_class_t driver = {
#if H5_VERSION_GE(1, 13, 0)
    .version = H5FD_CLASS_VERSION,
    .value = (H5FD_class_value_t)400,
#endif
    .name = "descriptor",
    .maxaddr = ((haddr_t)1 << 62),
    .fc_degree = H5F_CLOSE_WEAK,
    .fapl_size = sizeof(chdf5_descriptor_info),
    .open = chdf5_descriptor_open,
    .close = chdf5_descriptor_close,
    .get_eoa = chdf5_descriptor_get_eoa,
    .set_eoa = chdf5_descriptor_set_eoa,
    .get_eof = chdf5_descriptor_get_eof,
    .read = chdf5_descriptor_read,
    .write = chdf5_descriptor_write,
    .fl_map = H5FD_FLMAP_DICHOTOMY,
  };
  // Callers hold the one lock around the library, so nobody registers at the same time.
  static hid_t registered = H5I_INVALID_HID;
  if (registered < 0) registered = H5FDregister(&driver);
  if (registered < 0) return -1;
  chdf5_descriptor_info info = {descriptor};
  return H5Pset_driver(access, registered, &info);
}

#endif
