/* A library in the place of NVIDIA's: it tells what the file named by STUB_NVML says, read anew at each count of devices.

   Lines of that file, "-" for a part of a device meaning the whole of it:
     device INDEX MIG_MODE NAME_WITHOUT_SPACES
     part INDEX PART MIG_INDEX GPU_INSTANCE   (PART is a number from 0; MIG_INDEX where it is found)
     memory INDEX PART TOTAL FREE
     load INDEX PERCENT MILLIWATTS CELSIUS
     process INDEX PART C|G PID BYTES GPU_INSTANCE
     fail FUNCTION INDEX|-|INDEX/part CODE
   Without a file the driver is not loaded. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUCCESS 0
#define UNINITIALIZED 1
#define INVALID_ARGUMENT 2
#define NOT_SUPPORTED 3
#define NOT_FOUND 6
#define INSUFFICIENT_SIZE 7
#define DRIVER_NOT_LOADED 9
#define PARTS 9 /* number 8 is the whole */
#define WHOLE 8

typedef struct { unsigned int pid; unsigned long long used; unsigned int gpu_instance, compute_instance; } process_t;
typedef struct { unsigned long long total, free, used; } memory_t;
typedef struct { unsigned int gpu, memory; } load_t;

typedef struct {
  int there, mig_index, gpu_instance, has_memory;
  unsigned long long total, free;
  process_t processes[2][64];
  unsigned int counts[2];
  int index, number;
} part_t;

typedef struct { int mig, load, milliwatts, celsius; char name[64]; part_t parts[PARTS]; } device_t;

static device_t devices[16];
static unsigned int device_count;
static struct { char function[64]; int index, parts_only, code; } failures[32];
static unsigned int failure_count;
static int ready;

static int part_of(const char *word) { return word[0] == '-' ? WHOLE : atoi(word); }

static void read_line(const char *line) {
  char word[64], name[64];
  int index, number, gpu_instance, milliwatts, celsius;
  unsigned int pid;
  unsigned long long total, available;
  if (sscanf(line, "device %d %d %63s", &index, &number, name) == 3) {
    device_t *device = &devices[index];
    device->mig = number;
    device->load = -1;
    strcpy(device->name, name);
    device->parts[WHOLE].there = 1;
    if ((unsigned int)index >= device_count) device_count = index + 1;
    for (int i = 0; i < PARTS; i++) { device->parts[i].index = index; device->parts[i].number = i; }
  } else if (sscanf(line, "part %d %63s %d %d", &index, word, &number, &gpu_instance) == 4) {
    part_t *part = &devices[index].parts[part_of(word)];
    part->there = 1; part->mig_index = number; part->gpu_instance = gpu_instance;
  } else if (sscanf(line, "memory %d %63s %llu %llu", &index, word, &total, &available) == 4) {
    part_t *part = &devices[index].parts[part_of(word)];
    part->has_memory = 1; part->total = total; part->free = available;
  } else if (sscanf(line, "load %d %d %d %d", &index, &number, &milliwatts, &celsius) == 4) {
    devices[index].load = number; devices[index].milliwatts = milliwatts; devices[index].celsius = celsius;
  } else if (sscanf(line, "process %d %63s %63s %u %llu %d", &index, word, name, &pid, &total, &gpu_instance) == 6) {
    part_t *part = &devices[index].parts[part_of(word)];
    int kind = name[0] == 'G';
    process_t process = {pid, total, (unsigned int)gpu_instance, 0xFFFFFFFFu};
    part->processes[kind][part->counts[kind]++] = process;
  } else if (sscanf(line, "fail %63s %63s %d", name, word, &number) == 3) {
    strcpy(failures[failure_count].function, name);
    failures[failure_count].index = word[0] == '-' ? -1 : atoi(word);
    failures[failure_count].parts_only = strstr(word, "/part") != NULL;
    failures[failure_count++].code = number;
  }
}

static int read_file(void) {
  char line[256];
  const char *path = getenv("STUB_NVML");
  FILE *file = path ? fopen(path, "r") : NULL;
  memset(devices, 0, sizeof devices);
  device_count = failure_count = 0;
  if (!file) return 0;
  while (fgets(line, sizeof line, file)) read_line(line);
  fclose(file);
  return 1;
}

static int failure(const char *function, int index, int number) {
  if (!ready) return UNINITIALIZED;
  for (unsigned int i = 0; i < failure_count; i++)
    if (!strcmp(failures[i].function, function) && (failures[i].index == -1 || failures[i].index == index)
        && (!failures[i].parts_only || number != WHOLE))
      return failures[i].code;
  return SUCCESS;
}

#define ANSWER(part) { int code = failure(__func__, (part)->index, (part)->number); if (code) return code; }

int nvmlInitWithFlags(unsigned int flags) {
  (void)flags;
  if (!read_file()) return DRIVER_NOT_LOADED;
  ready = 1;
  int code = failure(__func__, -1, WHOLE);
  ready = !code;
  return code;
}

int nvmlShutdown(void) {
  int was = ready;
  ready = 0;
  return was ? SUCCESS : UNINITIALIZED;
}

const char *nvmlErrorString(int code) { (void)code; return "Something else"; }

int nvmlDeviceGetCount_v2(unsigned int *count) {
  if (!ready) return UNINITIALIZED;
  if (!read_file()) return DRIVER_NOT_LOADED;
  int code = failure(__func__, -1, WHOLE);
  *count = device_count;
  return code;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned int index, part_t **handle) {
  if (index >= device_count) return INVALID_ARGUMENT;
  *handle = &devices[index].parts[WHOLE];
  ANSWER(*handle)
  return SUCCESS;
}

int nvmlDeviceGetName(part_t *part, char *name, unsigned int length) {
  ANSWER(part)
  snprintf(name, length, "%s%s", devices[part->index].name, part->number == WHOLE ? "" : " MIG");
  return SUCCESS;
}

int nvmlDeviceGetUUID(part_t *part, char *uuid, unsigned int length) {
  ANSWER(part)
  if (part->number == WHOLE) snprintf(uuid, length, "GPU-%d", part->index);
  else snprintf(uuid, length, "MIG-%d-%d", part->index, part->number);
  return SUCCESS;
}

int nvmlDeviceGetMemoryInfo(part_t *part, memory_t *memory) {
  ANSWER(part)
  if (!part->has_memory) return NOT_SUPPORTED;
  memory->total = part->total;
  memory->free = part->free;
  memory->used = part->total - part->free;
  return SUCCESS;
}

int nvmlDeviceGetUtilizationRates(part_t *part, load_t *load) {
  ANSWER(part)
  if (part->number != WHOLE || devices[part->index].load < 0) return NOT_SUPPORTED;
  load->gpu = devices[part->index].load;
  load->memory = 0;
  return SUCCESS;
}

int nvmlDeviceGetTemperature(part_t *part, int sensor, unsigned int *celsius) {
  ANSWER(part)
  if (sensor != 0 || devices[part->index].load < 0) return NOT_SUPPORTED;
  *celsius = devices[part->index].celsius;
  return SUCCESS;
}

int nvmlDeviceGetPowerUsage(part_t *part, unsigned int *milliwatts) {
  ANSWER(part)
  if (devices[part->index].load < 0) return NOT_SUPPORTED;
  *milliwatts = devices[part->index].milliwatts;
  return SUCCESS;
}

int nvmlDeviceGetMigMode(part_t *part, unsigned int *current, unsigned int *pending) {
  ANSWER(part)
  if (devices[part->index].mig < 0) return NOT_SUPPORTED;
  *current = *pending = devices[part->index].mig;
  return SUCCESS;
}

int nvmlDeviceGetMaxMigDeviceCount(part_t *part, unsigned int *count) {
  ANSWER(part)
  *count = 7;
  return SUCCESS;
}

int nvmlDeviceGetMigDeviceHandleByIndex(part_t *whole, unsigned int index, part_t **handle) {
  ANSWER(whole)
  for (int i = 0; i < WHOLE; i++) {
    part_t *part = &devices[whole->index].parts[i];
    if (part->there && part->mig_index == (int)index) { *handle = part; return SUCCESS; }
  }
  return NOT_FOUND;
}

int nvmlDeviceGetGpuInstanceId(part_t *part, unsigned int *id) {
  ANSWER(part)
  *id = part->gpu_instance;
  return SUCCESS;
}

static int list(part_t *part, int kind, unsigned int *count, process_t *found) {
  unsigned int room = *count;
  *count = part->counts[kind];
  if (room < part->counts[kind]) return INSUFFICIENT_SIZE;
  memcpy(found, part->processes[kind], part->counts[kind] * sizeof *found);
  return SUCCESS;
}

#ifdef OLD_DRIVER
#define COMPUTING nvmlDeviceGetComputeRunningProcesses_v2
#define DRAWING nvmlDeviceGetGraphicsRunningProcesses_v2
#else
#define COMPUTING nvmlDeviceGetComputeRunningProcesses_v3
#define DRAWING nvmlDeviceGetGraphicsRunningProcesses_v3
#endif

int COMPUTING(part_t *part, unsigned int *count, process_t *found) {
  ANSWER(part)
  return list(part, 0, count, found);
}

int DRAWING(part_t *part, unsigned int *count, process_t *found) {
  ANSWER(part)
  if (part->number != WHOLE) return NOT_SUPPORTED;
  return list(part, 1, count, found);
}
