import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as core from "@cascata/core";
import * as dogpile from "@cascata/core/dogpile";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "..", "..");
const page = readFileSync(join(root, "docs", "coming-from-dogpile.md"), "utf8");
const rows = page
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) => line.split("|").map((cell) => cell.trim()));
const codeIn = (cell: string | undefined) => [...(cell ?? "").matchAll(/`([^`]+)`/g)].map(([, code]) => code as string);

/** Every public name of dogpile.cache 1.5, by where it stands there. */
const names = {
  region: `CacheRegion make_region name configure configure_from_config expiration_time arguments wrap
    replace_existing_backend region_invalidator backend actual_backend is_configured invalidate key_is_locked get get_multi
    get_value_metadata get_or_create get_or_create_multi set set_multi delete delete_multi ignore_expiration should_cache_fn
    creator_args function_key_generator function_multi_key_generator key_mangler serializer deserializer
    async_creation_runner value_version RegionInvalidationStrategy DefaultInvalidationStrategy is_invalidated
    is_hard_invalidated is_soft_invalidated was_hard_invalidated was_soft_invalidated register_backend`,
  decorators: `cache_on_arguments cache_multi_on_arguments namespace to_str asdict .set .invalidate .refresh .get .original`,
  api: `NO_VALUE NoValue NoValueType CachedValue CachedValue.payload CachedValue.metadata CachedValue.cached_time
    CachedValue.age KeyType ValuePayload MetaDataType CacheReturnType SerializedReturnType BackendFormatted BackendSetType
    BackendArguments Serializer Deserializer KeyManglerType CantDeserializeException CacheMutex CacheMutex.acquire
    CacheMutex.release CacheMutex.locked CacheBackend from_config_dict has_lock_timeout get_mutex get_serialized
    get_serialized_multi set_serialized set_serialized_multi BytesBackend DefaultSerialization`,
  proxy: `ProxyBackend ProxyBackend.proxied ProxyBackend.wrap`,
  exception: `DogpileCacheException RegionAlreadyConfigured RegionNotConfigured ValidationError PluginNotFound`,
  util: `kwarg_function_key_generator sha1_mangle_key length_conditional_mangler coerce_string_conf repr_obj
    KeyReentrantMutex memoized_property PluginLoader to_list NameRegistry ReadWriteMutex`,
  lock: `Lock NeedRegenerationException`,
  backends: `dogpile.cache.null dogpile.cache.memory dogpile.cache.memory_pickle dogpile.cache.dbm dogpile.cache.memcached
    dogpile.cache.pylibmc dogpile.cache.bmemcached dogpile.cache.pymemcache dogpile.cache.redis dogpile.cache.redis_sentinel
    dogpile.cache.redis_cluster dogpile.cache.valkey dogpile.cache.valkey_sentinel dogpile.cache.valkey_cluster
    plugins.mako_cache`,
  arguments: `cache_dict filename rw_lockfile dogpile_lockfile lock_factory url host port db username password
    redis_expiration_time memcached_expire_time distributed_lock lock_timeout lock_sleep lock_blocking lock_blocking_timeout
    lock_prefix thread_local_lock socket_timeout socket_connect_timeout socket_keepalive socket_keepalive_options
    connection_pool ssl connection_kwargs sentinels service_name sentinel_kwargs startup_nodes min_compress_len`,
};
const listed = Object.values(names).flatMap((text) => text.split(/\s+/));

it("every public name of dogpile.cache stands on the page, once", () => {
  const onPage = rows.flatMap((cells) => codeIn(cells[1]));
  expect(listed.filter((name) => !onPage.includes(name))).toEqual([]);
  expect(onPage.filter((name) => !listed.includes(name))).toEqual([]);
  expect(onPage.filter((name, index) => onPage.indexOf(name) !== index)).toEqual([]);
});

it("what it became is a name of Cascata's, or the page says why there is none", () => {
  const sources = readdirSync(join(root, "packages"))
    .flatMap((name) => {
      const folder = join(root, "packages", name, "src");
      return readdirSync(folder)
        .filter((file) => file.endsWith(".ts"))
        .map((file) => readFileSync(join(folder, file), "utf8"));
    })
    .join("\n");
  const words = new Set(sources.match(/[A-Za-z_]\w*/g));
  const wrong = rows.filter((cells) => codeIn(cells[2]).some((name) => !words.has(name)));
  expect(wrong).toEqual([]);
});

it("the entry for those who come from dogpile has its names, and they are core's own things", () => {
  const camel = (name: string) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const things = `make_region register_backend coerce_string_conf length_conditional_mangler function_key_generator
    function_multi_key_generator kwarg_function_key_generator get_value_metadata`;
  const same = things.split(/\s+/).map(camel);
  const classes = `CacheRegion CachedValue CacheBackend ProxyBackend CantDeserializeException NO_VALUE NoValue Lock
    NeedRegenerationException NameRegistry KeyReentrantMutex DefaultInvalidationStrategy DogpileCacheException
    RegionAlreadyConfigured RegionNotConfigured ValidationError PluginNotFound`.split(/\s+/);
  expect([...same, ...classes].filter((name) => !(name in dogpile))).toEqual([]);
  expect(dogpile.CacheRegion).toBe(core.Region);
  expect(dogpile.DogpileCacheException).toBe(core.CacheError);
  const ofCore = new Map(Object.entries(core) as [string, unknown][]);
  for (const [name, thing] of Object.entries(dogpile)) if (ofCore.has(name)) expect(thing).toBe(ofCore.get(name));
});
