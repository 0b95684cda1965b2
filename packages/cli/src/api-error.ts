/** The error that all failures become, apart: an import of the whole package, made lazily, would keep all of it in the bundle. */
export { ApikeyError } from '@apikey/shared';
