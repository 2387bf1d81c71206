/* Whether requests can reach what the relay serves. A location that takes in
 * too little is no error for nginx, and is seen only by people who open a link
 * and find no picture, or a browser instead of their wallet: so it is said
 * when the configuration is read. */
#ifndef NGINX_REACH_H
#define NGINX_REACH_H

#include "nginx/module.h"

/* Warn, for each server that serves, of the paths that lead elsewhere. To be
 * called when the trees of locations are made: in postconfiguration. */
void reach_check(ngx_conf_t *cf);

#endif
