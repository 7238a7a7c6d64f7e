/* Marks methods that a controller does not transform; here no method is. */
@interface NonCPS {}
