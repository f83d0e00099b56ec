using System.Security.Cryptography;
using System.Text;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Sources.Vault;
using StingBackup.Engine.Vault;
using StingBackup.Fixtures.Vault;

namespace StingBackup.Engine.Tests.Vault;

/// <summary>A KV mount as a tree of files.</summary>
public sealed class VaultSourceTreeTests : IAsyncLifetime
{
    private const string Owner = "0f6c0d3e-8f0e-4b1c-9d55-1f2e3a4b5c6d";

    private VaultStandIn _server = null!;
    private StandInKv _mount = null!;
    private VaultClient _client = null!;
    private readonly List<StingException> _failures = [];
    private readonly List<string> _told = [];

    public async Task InitializeAsync()
    {
        _server = await VaultStandIn.StartAsync();
        _mount = _server.Mount("sting");
        _client = _server.Client();
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    private VaultSourceTree Source(string prefix = "files", VaultClient? client = null) => new((client ?? _client).Kv(), prefix, _told.Add);

    private List<SourceEntry> Scan(VaultSourceTree source, Func<EntryPath, ItemKind, ScanChoice>? choose = null) =>
        [.. source.Scan(choose ?? ((_, _) => ScanChoice.Include), e => { lock (_failures) { _failures.Add(e); } }, default)];

    private static byte[] ReadAll(VaultSourceTree source, SourceEntry entry)
    {
        using var file = source.Open(entry);
        var content = new byte[file.DataRanges().Sum(r => r.Length)];
        for (var at = 0; at < content.Length;)
        {
            at += file.Read(at, content.AsSpan(at));
        }
        return content;
    }

    [Fact]
    public void A_walk_is_in_path_order_and_reads_no_value()
    {
        foreach (var path in (string[])[$"files/{Owner}/report/1", $"files/{Owner}/report-b/1", $"files/{Owner}/report", "files/7/user_document/é", "files/7/user_document/a b%", "files/70/temporary/x", "other/x"])
        {
            _mount.Seed(path, VaultClients.Upload(new byte[10]));
        }
        var entries = Scan(Source());
        Assert.Equal(["files", $"files/{Owner}", $"files/{Owner}/report", $"files/{Owner}/report/1", $"files/{Owner}/report%", $"files/{Owner}/report-b", $"files/{Owner}/report-b/1",
            "files/7", "files/7/user_document", "files/7/user_document/a b%25", "files/7/user_document/é", "files/70", "files/70/temporary", "files/70/temporary/x"],
            entries.Select(e => e.Path.ToString()).OrderBy(p => EntryPath.Parse(p)));
        Assert.Equal(entries.Select(e => e.Path).Order(), entries.Select(e => e.Path));
        Assert.Equal(0, _server.DataReads);
        Assert.Empty(_failures);
        Assert.Equal(6, Source() is var whole && Scan(whole).Count > 0 ? whole.LastWalk!.Secrets : 0);
        Assert.Contains("other/x", Scan(Source("")).Select(e => e.Path.ToString()));
    }

    [Fact]
    public void What_is_excluded_is_not_asked_for()
    {
        _mount.Seed("files/7/report/1", "{}"u8.ToArray());
        _mount.Seed("files/8/report/1", "{}"u8.ToArray());
        var entries = Scan(Source(), (path, _) => path.ToString() == "files/8" ? ScanChoice.Exclude : ScanChoice.Include);
        Assert.Equal(4, entries.Count);
        Assert.DoesNotContain(_server.Log, l => l.Path.Contains("files/8", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_file_is_the_value_and_its_attributes_the_metadata()
    {
        var content = RandomNumberGenerator.GetBytes(5000);
        _mount.Seed($"files/{Owner}/report/1", VaultClients.Upload(content), ("note", "Ünder \"review\""));
        await _client.Kv().WriteMetadataAsync($"files/{Owner}/report/1", new KvMetadataChange { Settings = new KvSettings { MaxVersions = 5 } }, default);
        var source = Source();
        var entry = Assert.Single(Scan(source), e => e.Kind == ItemKind.File);
        var metadata = source.ReadMetadata(entry);
        Assert.Equal(["user.sting.vault.custom_metadata={\"note\":\"Ünder \\\"review\\\"\"}", "user.sting.vault.settings={\"cas_required\":false,\"delete_version_after\":\"0s\",\"max_versions\":5}", "user.sting.vault.version=1"],
            metadata.ExtendedAttributes.Select(a => $"{Encoding.UTF8.GetString(a.Key)}={Encoding.UTF8.GetString(a.Value)}"));
        Assert.True(metadata.ModifiedNs > 0 && metadata.BirthNs <= metadata.ModifiedNs);
        var file = ReadAll(source, entry);
        Assert.True(file.AsSpan(0, 5000).SequenceEqual(content));   // the upload itself, decoded, is what comes first
        Assert.True(System.Text.Json.JsonElement.DeepEquals(VaultClients.Parse(VaultClients.Upload(content)), VaultClients.Parse(SecretContent.Decode(file, "x"))));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_stamp_changes_with_the_version_and_with_the_metadata_and_with_nothing_else(bool movesTime)
    {
        _mount.UpdatesTimeWithMetadata = movesTime;
        _mount.Seed("files/7/report/1", "{}"u8.ToArray());
        FileStamp Stamp() => Scan(Source()).Single(e => e.Kind == ItemKind.File).Stamp;
        var stamps = new List<FileStamp> { Stamp() };
        Assert.Equal(stamps[0], Stamp());
        _mount.Seed("files/7/report/1", "{}"u8.ToArray());
        stamps.Add(Stamp());
        await _client.Kv().WriteMetadataAsync("files/7/report/1", new KvMetadataChange { CustomMetadata = [KeyValuePair.Create("a", "b")] }, default);
        stamps.Add(Stamp());
        await _client.Kv().WriteMetadataAsync("files/7/report/1", new KvMetadataChange { Settings = new KvSettings { CasRequired = true } }, default);
        stamps.Add(Stamp());
        await _client.Kv().RemoveAsync("files/7/report/1", default);
        _mount.Seed("files/7/report/1", "{}"u8.ToArray());
        stamps.Add(Stamp());
        Assert.Equal(5, stamps.Distinct().Count());
        Assert.All(stamps, s => Assert.Equal(FileStamp.UnknownLength, s.Length));
    }

    [Fact]
    public async Task Deleted_and_destroyed_secrets_are_absent_and_told()
    {
        foreach (var name in (string[])["deleted", "destroyed", "live", "older"])
        {
            _mount.Seed($"files/7/report/{name}", "{}"u8.ToArray());
        }
        await _client.Kv().DeleteAsync("files/7/report/deleted", default);
        await _client.Kv().DestroyAsync("files/7/report/destroyed", [1], default);
        _mount.Seed("files/7/report/older", "{}"u8.ToArray());
        await _client.Kv().DeleteAsync("files/7/report/older", [1], default);
        await _client.Kv().WriteMetadataAsync("files/7/report/never", new KvMetadataChange { CustomMetadata = [KeyValuePair.Create("a", "b")] }, default);
        var source = Source();
        Assert.Equal(["live", "older"], Scan(source).Where(e => e.Kind == ItemKind.File).Select(e => Encoding.UTF8.GetString(e.Path.Name)));
        Assert.Equal((2, 1, 2, 0), (source.LastWalk!.Secrets, source.LastWalk.Deleted, source.LastWalk.Destroyed, source.LastWalk.Vanished));
        var told = Assert.Single(_told);
        Assert.Contains("files/7/report/deleted", told, StringComparison.Ordinal);
        Assert.Contains("files/7/report/never", told, StringComparison.Ordinal);
        Assert.Empty(_failures);
    }

    [Fact]
    public void What_vanishes_during_the_walk_is_passed_over_and_what_vanishes_before_reading_too()
    {
        _mount.Seed("files/7/report/1", "{}"u8.ToArray());
        _mount.Seed("files/7/report/2", "{}"u8.ToArray());
        _server.Disturb = (r, _) =>
        {
            if (r.Method == "GET" && r.Path.EndsWith("/metadata/files/7/report/1", StringComparison.Ordinal))
            {
                _mount.Remove("files/7/report/1");
            }
            return null;
        };
        var source = Source();
        var left = Assert.Single(Scan(source), e => e.Kind == ItemKind.File);
        Assert.Equal(1, source.LastWalk!.Vanished);
        Assert.Empty(_failures);
        _mount.Remove("files/7/report/2");
        Assert.Equal("SourceItemVanished", Assert.Throws<StingException>(() => source.Open(left)).ErrorId);
    }

    [Fact]
    public async Task A_version_that_a_newer_one_has_pushed_out_is_read_as_the_newer_one()
    {
        _mount.Seed("files/7/report/1", """{"x":1}"""u8.ToArray());
        await _client.Kv().WriteMetadataAsync("files/7/report/1", new KvMetadataChange { Settings = new KvSettings { MaxVersions = 1 } }, default);
        var source = Source();
        var entry = Scan(source).Single(e => e.Kind == ItemKind.File);
        _mount.Seed("files/7/report/1", """{"x":2}"""u8.ToArray());
        var buffer = new byte[1000];
        var length = source.ReadSmall(entry, buffer, out var stamp);
        Assert.Equal("""{"x":2}""", Encoding.UTF8.GetString(SecretContent.Decode(buffer.AsMemory(0, length), "x").Span));
        Assert.NotEqual(entry.Stamp, stamp);
        Assert.Equal("2", Encoding.ASCII.GetString(source.ReadMetadata(entry).ExtendedAttributes[^1].Value));
        Assert.Equal(Scan(source).Single(e => e.Kind == ItemKind.File).Stamp, stamp);
    }

    [Fact]
    public void A_value_that_outgrows_the_buffer_is_not_read_twice()
    {
        _mount.Seed("files/7/report/1", VaultClients.Upload(new byte[100_000]));
        var source = Source();
        var entry = Scan(source).Single(e => e.Kind == ItemKind.File);
        Assert.Equal(-1, source.ReadSmall(entry, new byte[65536], out _));
        Assert.True(ReadAll(source, entry).Length > 100_000);
        Assert.Equal(1, _server.DataReads);
    }

    [Fact]
    public void A_denied_secret_is_an_item_that_failed_and_a_denied_prefix_the_source()
    {
        _mount.Seed("files/7/report/1", "{}"u8.ToArray());
        _mount.Seed("files/8/report/1", "{}"u8.ToArray());
        _mount.Seed("files/9/report/1", "{}"u8.ToArray());
        using var client = _server.Client(VaultClients.Token(_server.TokenWith("""
            path "sting/metadata/*" { capabilities = ["read", "list"] }
            path "sting/metadata/files/7/report/1" { capabilities = ["deny"] }
            path "sting/metadata/files/8/*" { capabilities = ["deny"] }
            path "sting/data/files/7/*" { capabilities = ["read"] }
            """)));
        var source = Source(client: client);
        var last = Scan(source).Single(e => e.Kind == ItemKind.File);
        Assert.Equal("files/9/report/1", last.Path.ToString());
        Assert.Equal(2, _failures.Count);
        Assert.All(_failures, f => Assert.Equal("SourceItemUnreadable", f.ErrorId));
        Assert.Contains(_failures, f => f.Message.Contains("files/7/report/1", StringComparison.Ordinal) && f.Remedy.Contains("""path "sting/metadata/files/*" { capabilities = ["read"] }""", StringComparison.Ordinal));
        Assert.Contains(_failures, f => f.Message.Contains("files/8", StringComparison.Ordinal) && f.Remedy.Contains("""["list"]""", StringComparison.Ordinal));
        var read = Assert.Throws<StingException>(() => source.Open(last));
        Assert.Equal(("SourceItemUnreadable", FailureKind.PermissionDenied), (read.ErrorId, read.Kind));
        Assert.Contains("sting/data/files", read.Remedy, StringComparison.Ordinal);
        using var nobody = _server.Client(VaultClients.Token(_server.TokenWith("")));
        Assert.Equal("VaultDenied", Assert.Throws<StingException>(() => Scan(Source(client: nobody))).ErrorId);
    }

    [Fact]
    public void A_value_that_is_no_text_fails_alone_and_an_end_of_the_scan_ends_the_reading()
    {
        _mount.Seed("files/7/report/1", """{"x":"\ud800"}"""u8.ToArray());
        _mount.Seed("files/7/report/2", "{}"u8.ToArray());
        var source = Source();
        using var stop = new CancellationTokenSource();
        var entries = source.Scan((_, _) => ScanChoice.Include, _failures.Add, stop.Token).Where(e => e.Kind == ItemKind.File).ToList();
        Assert.Equal("SourceItemUnreadable", Assert.Throws<StingException>(() => source.Open(entries[0])).ErrorId);
        source.Open(entries[1]).Dispose();
        stop.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => source.Open(entries[1]));
    }

    [Fact]
    public void A_server_that_is_sealed_in_the_middle_of_a_walk_ends_it_by_name()
    {
        for (var i = 0; i < 200; i++)
        {
            _mount.Seed($"files/7/report/{i:d3}", "{}"u8.ToArray());
        }
        _server.Disturb = (_, number) =>
        {
            _server.Sealed |= number == 100;
            return null;
        };
        var seen = 0;
        var error = Assert.Throws<StingException>(() =>
        {
            foreach (var _ in Source().Scan((_, _) => ScanChoice.Include, _failures.Add, default))
            {
                seen++;
            }
        });
        Assert.Equal("VaultSealed", error.ErrorId);
        Assert.InRange(seen, 50, 150);
        Assert.Empty(_failures);
    }

    [Fact]
    public void Ten_thousand_secrets_are_walked_with_bounded_requests_and_an_early_end_leaves_nothing_behind()
    {
        for (var i = 0; i < 10_000; i++)
        {
            _mount.Seed($"files/{i % 50}/user_document/{i:x16}", "{}"u8.ToArray());
        }
        Assert.Equal(10_000, Scan(Source()).Count(e => e.Kind == ItemKind.File));
        Assert.InRange(_server.MostAtOnce, 2, _client.Parallel);
        Assert.Equal(0, _server.DataReads);
        Assert.Equal(5, Source().Scan((_, _) => ScanChoice.Include, _failures.Add, default).Take(5).Count());
        using var stop = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => Source().Scan((_, _) => ScanChoice.Include, _failures.Add, stop.Token).Select((e, i) =>
        {
            if (i == 20)
            {
                stop.Cancel();
            }
            return e;
        }).Count());
        Assert.Empty(_failures);
    }

    [Theory]
    [InlineData("files", "UserFiles", "system")]
    [InlineData("files/" + Owner, "UserFiles", "user:" + Owner)]
    [InlineData("files/0F6C0D3E-8F0E-4B1C-9D55-1F2E3A4B5C6D/profile_picture/00ff", "UserFiles", "user:" + Owner)]
    [InlineData("files/42/user_document/00ff", "UserFiles", "user#42")]
    [InlineData("files/42/report/00ff", "Reports", "user#42")]
    [InlineData("files/42/temporary/00ff", "TempFiles", "user#42")]
    [InlineData("files/42/new_kind/00ff", "UserFiles", "user#42")]
    [InlineData("files/someone/report/00ff", "Reports", "path:UserFiles/someone")]
    [InlineData("settings/smtp", "Secrets", "system")]
    public void A_path_tells_class_and_subject(string path, string dataClass, string subject) =>
        Assert.Equal(new Placement(false, Enum.Parse<DataClass>(dataClass), subject), VaultPaths.Classify(EntryPath.Parse(path), UsersMap.Empty));

    [Theory]
    [InlineData("files/a b/é", "files/a b/é")]
    [InlineData("files/50%25", "files/50%")]
    [InlineData("files/a%", "files/a")]
    [InlineData("files/%00/x", "files//x")]
    [InlineData("files/%2e%2e", "files/..")]
    [InlineData("files/a% (backup_1)", "files/a% (backup_1)")]
    public void A_files_path_names_the_secret(string file, string secret) => Assert.Equal(secret, VaultPaths.ToSecretPath(EntryPath.Parse(file)));
}
