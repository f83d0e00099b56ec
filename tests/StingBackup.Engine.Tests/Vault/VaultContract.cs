using System.Reflection;
using StingBackup.Engine.Vault;

namespace StingBackup.Engine.Tests.Vault;

/// <summary>
/// What the client relies on, as one suite for every server: the stand-in, and a real Vault or OpenBao. It writes below a folder of its own in a KV v2 mount and removes it.
/// </summary>
internal sealed class VaultContract(Func<VaultClient> open, string mount)
{
    private readonly string _folder = $"sting-contract-{Guid.NewGuid():n}";

    /// <summary>The names of all that must hold.</summary>
    public static TheoryData<string> Clauses { get; } = new(typeof(VaultContract).GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly)
        .Where(m => m.ReturnType == typeof(Task) && m.Name != nameof(CheckAsync)).Select(m => m.Name));

    /// <summary>Checks one of them.</summary>
    public Task CheckAsync(string clause) => (Task)typeof(VaultContract).GetMethod(clause)!.Invoke(this, null)!;

    private (VaultClient Client, VaultKv Kv) Open()
    {
        var client = open();
        return (client, new VaultKv(client, mount, TimeProvider.System));
    }

    public async Task A_server_tells_how_it_is_without_login()
    {
        var (client, _) = Open();
        using (client)
        {
            var health = await client.ReadHealthAsync(default);
            Assert.True(health.Initialized);
            Assert.False(health.Sealed);
            Assert.NotEmpty(health.Version);
        }
    }

    public Task Versions_are_counted_and_read_by_number() => RunAsync(async kv =>
    {
        Assert.Null(await kv.ReadMetadataAsync($"{_folder}/a", default));
        Assert.Null(await kv.ReadAsync($"{_folder}/a", null, default));
        Assert.Equal(1, (await kv.WriteAsync($"{_folder}/a", VaultClients.Json("""{"x":"1"}"""), 0, default))!.Number);
        Assert.Equal(2, (await kv.WriteAsync($"{_folder}/a", VaultClients.Json("""{"x":"ü <&> \" \u0001","n":{"deep":[1,2.5,true,null]}}"""), 1, default))!.Number);
        using (var newest = await kv.ReadAsync($"{_folder}/a", null, default))
        {
            Assert.Equal(2, newest!.Version.Number);
            Assert.Equal("ü <&> \" \u0001", newest.Data.GetProperty("x").GetString());
            Assert.Equal("[1,2.5,true,null]", newest.Data.GetProperty("n").GetProperty("deep").GetRawText());
        }
        using var first = await kv.ReadAsync($"{_folder}/a", 1, default);
        Assert.Equal("1", first!.Data.GetProperty("x").GetString());
        var metadata = await kv.ReadMetadataAsync($"{_folder}/a", default);
        Assert.Equal(2, metadata!.CurrentVersion);
        Assert.Equal(KvState.Live, metadata.Current.State);
        Assert.InRange(metadata.Current.CreatedNs, metadata.CreatedNs, metadata.UpdatedNs);
    });

    public Task A_check_and_set_that_does_not_match_writes_nothing() => RunAsync(async kv =>
    {
        await kv.WriteAsync($"{_folder}/a", VaultClients.Json("""{"x":1}"""), 0, default);
        Assert.Null(await kv.WriteAsync($"{_folder}/a", VaultClients.Json("""{"x":2}"""), 0, default));
        Assert.Null(await kv.WriteAsync($"{_folder}/a", VaultClients.Json("""{"x":2}"""), 7, default));
        Assert.Null(await kv.WriteAsync($"{_folder}/none", VaultClients.Json("""{"x":2}"""), 7, default));
        Assert.Equal(1, (await kv.ReadMetadataAsync($"{_folder}/a", default))!.CurrentVersion);
        Assert.Equal(2, (await kv.WriteAsync($"{_folder}/a", VaultClients.Json("""{"x":2}"""), null, default))!.Number);
    });

    public Task What_is_deleted_comes_back_and_what_is_destroyed_does_not() => RunAsync(async kv =>
    {
        await kv.WriteAsync($"{_folder}/a", VaultClients.Json("""{"x":1}"""), 0, default);
        await kv.DeleteAsync($"{_folder}/a", default);
        using (var deleted = await kv.ReadAsync($"{_folder}/a", null, default))
        {
            Assert.Equal(KvState.Deleted, deleted!.Version.State);
        }
        Assert.Equal(["a"], await kv.ListAsync(_folder, default));   // it is still listed
        await kv.UndeleteAsync($"{_folder}/a", [1], default);
        Assert.Equal(KvState.Live, (await kv.ReadMetadataAsync($"{_folder}/a", default))!.Current.State);
        await kv.DeleteAsync($"{_folder}/a", [1], default);
        Assert.NotEqual(KvState.Live, (await kv.ReadMetadataAsync($"{_folder}/a", default))!.Current.State);
        await kv.DestroyAsync($"{_folder}/a", [1], default);
        await kv.UndeleteAsync($"{_folder}/a", [1], default);
        using var destroyed = await kv.ReadAsync($"{_folder}/a", 1, default);
        Assert.Equal(KvState.Destroyed, destroyed!.Version.State);
        Assert.Equal(2, (await kv.WriteAsync($"{_folder}/a", VaultClients.Json("""{"x":2}"""), 1, default))!.Number);
    });

    public Task Folders_end_with_a_slash_and_names_keep_their_characters() => RunAsync(async kv =>
    {
        foreach (var name in (string[])["plain", "with space", "ünï", "a+b&c=d?e#f", "50%", "sub/one", "sub/two"])
        {
            await kv.WriteAsync($"{_folder}/{name}", VaultClients.Json("""{"x":1}"""), 0, default);
        }
        Assert.Equal(new[] { "50%", "a+b&c=d?e#f", "plain", "sub/", "with space", "ünï" }, (await kv.ListAsync(_folder, default))!.Order(StringComparer.Ordinal));
        Assert.Equal(["one", "two"], await kv.ListAsync($"{_folder}/sub", default));
        Assert.Null(await kv.ListAsync($"{_folder}/none", default));
        Assert.NotNull(await kv.ReadMetadataAsync($"{_folder}/a+b&c=d?e#f", default));
    });

    public Task Metadata_and_settings_come_back() => RunAsync(async kv =>
    {
        await kv.WriteAsync($"{_folder}/a", VaultClients.Json("""{"x":1}"""), 0, default);
        await kv.WriteMetadataAsync($"{_folder}/a", new KvMetadataChange
        {
            CustomMetadata = [KeyValuePair.Create("owner", "Ärztin"), KeyValuePair.Create("b", "2")], Settings = new KvSettings { MaxVersions = 2, CasRequired = true, DeleteVersionAfter = "3h0m0s" },
        }, default);
        var metadata = await kv.ReadMetadataAsync($"{_folder}/a", default);
        Assert.Equal([KeyValuePair.Create("b", "2"), KeyValuePair.Create("owner", "Ärztin")], metadata!.CustomMetadata);
        Assert.Equal(new KvSettings { MaxVersions = 2, CasRequired = true, DeleteVersionAfter = "3h0m0s" }, metadata.Settings);
        var refused = await Assert.ThrowsAsync<StingException>(() => kv.WriteAsync($"{_folder}/a", VaultClients.Json("""{"x":2}"""), null, default));
        Assert.Equal("VaultRequestRefused", refused.ErrorId);
        await kv.WriteAsync($"{_folder}/a", VaultClients.Json("""{"x":2}"""), 1, default);
        await kv.WriteAsync($"{_folder}/a", VaultClients.Json("""{"x":3}"""), 2, default);
        Assert.Null(await kv.ReadAsync($"{_folder}/a", 1, default));   // the oldest of three went
        Assert.Equal(KvState.Live, (await kv.ReadMetadataAsync($"{_folder}/a", default))!.Current.State);   // its deletion time lies ahead
        await kv.RemoveAsync($"{_folder}/a", default);
        Assert.Null(await kv.ReadMetadataAsync($"{_folder}/a", default));
    });

    public async Task A_mount_that_is_not_there_is_named()
    {
        var (client, _) = Open();
        using (client)
        {
            var missing = new VaultKv(client, "sting-no-such-mount", TimeProvider.System);
            var error = await Assert.ThrowsAsync<StingException>(() => missing.ListAsync("", default));
            Assert.Equal("VaultMountMissing", error.ErrorId);
            Assert.Contains("sting-no-such-mount", error.Message, StringComparison.Ordinal);
        }
    }

    private async Task RunAsync(Func<VaultKv, Task> test)
    {
        var (client, kv) = Open();
        using (client)
        {
            await kv.CheckMountAsync(default);
            _ = await kv.ReadConfigAsync(default);
            try
            {
                await test(kv);
            }
            finally
            {
                await RemoveAsync(kv, _folder);
            }
        }
    }

    private static async Task RemoveAsync(VaultKv kv, string folder)
    {
        foreach (var name in await kv.ListAsync(folder, default) ?? [])
        {
            await (name.EndsWith('/') ? RemoveAsync(kv, $"{folder}/{name.TrimEnd('/')}") : kv.RemoveAsync($"{folder}/{name}", default));
        }
    }
}
