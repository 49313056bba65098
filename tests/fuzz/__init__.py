"""`make fuzz`: whatever a client sends, the server logs no exception, keeps no memory and answers the next one."""
