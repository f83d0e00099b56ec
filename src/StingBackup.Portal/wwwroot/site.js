// What pages do beyond links and forms: nothing here is needed to use them.
'use strict';
