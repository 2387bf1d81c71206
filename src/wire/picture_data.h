/* The bytes of src/wire/pictures, which tools/embed makes into C. */
#ifndef WIRE_PICTURE_DATA_H
#define WIRE_PICTURE_DATA_H

#include <stddef.h>
#include <stdint.h>

extern const uint8_t picture_car_png[], picture_general_png[],
    picture_home_png[];
extern const size_t picture_car_png_len, picture_general_png_len,
    picture_home_png_len;
extern const uint64_t picture_car_png_version, picture_general_png_version,
    picture_home_png_version;

#endif
