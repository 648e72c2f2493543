/*
 * Coolant pump of the Kestrel-4 lidar: one output, one temperature, one flow meter.
 *
 * After the failure of February 2023 the controller stops the pump when the flow falls below 3.5 litres per minute, and
 * heats the outer loop whenever the outside air is colder than minus 20 degrees Celsius.
 */
#include <stdbool.h>

static const float minimum_flow_litres_per_minute = 3.5f;
static const float heat_below_celsius = -20.0f;

struct reading {
    float flow_litres_per_minute;
    float outside_celsius;
};

struct command {
    bool pump;
    bool heater;
};

struct command decide(struct reading now, bool laser_on)
{
    struct command next = {.pump = laser_on, .heater = now.outside_celsius < heat_below_celsius};
    if (now.flow_litres_per_minute < minimum_flow_litres_per_minute)
        next.pump = false; /* a dry pump seizes within a minute */
    return next;
}
