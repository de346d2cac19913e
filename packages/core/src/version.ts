/** Library and protocol generation as told to the other side of a connection. */
export const CLIENT_NAME = "elpis-node";
