using System.Security.Cryptography;
using System.Text.Json;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Sources.Vault;
using StingBackup.Engine.Targets.Vault;
using StingBackup.Engine.Vault;
using StingBackup.Fixtures.Vault;

namespace StingBackup.Engine.Tests.Vault;

/// <summary>Secrets through a whole backup into a repository and back into a Vault.</summary>
public sealed class VaultBackupTests : IAsyncLifetime
{
    private VaultStandIn _server = null!, _other = null!;
    private VaultClient _client = null!, _otherClient = null!;
    private TestInstallation _test = null!;

    public async Task InitializeAsync()
    {
        _server = await VaultStandIn.StartAsync();
        _other = await VaultStandIn.StartAsync();
        _server.Mount("sting");
        _other.Mount("sting");
        (_client, _otherClient) = (_server.Client(), _other.Client());
        _test = Install();
    }

    private TestInstallation Install() => new()
    {
        Settings = new() { Path = "/", Rules = [new ClassRule("files/*/**", DataClass.UserFiles, "user:{2}")] },
        WrapSource = directory =>
        {
            directory.Dispose();
            return new VaultSourceTree(_client.Kv());
        },
        WrapTarget = directory =>
        {
            directory.Dispose();
            return new VaultRestoreTarget(_otherClient.Kv());
        },
    };

    public async Task DisposeAsync()
    {
        await _test.DisposeAsync();
        _client.Dispose();
        _otherClient.Dispose();
        await _server.DisposeAsync();
        await _other.DisposeAsync();
    }

    private StandInKv Mount => _server.Mount("sting");

    private async Task<RestoreResult> RestoreAsync(ConflictAction conflict = ConflictAction.Skip, List<StingException>? errors = null)
    {
        var destination = Path.Combine(_test.Root, "unused");
        var request = new RestoreRequest { Scope = RestoreScope.Reserve, Destination = destination, Conflict = conflict, Classes = [DataClass.UserFiles], AllowPartial = true };
        var plan = await RestoreJob.PlanAsync(_test.Installation, request, default);
        return await TestInstallation.CompleteAsync<RestoreResult>(RestoreJob.RunAsync(_test.Installation, plan, default), errors);
    }

    private static async Task<JsonElement> ValueAsync(VaultClient client, string path)
    {
        using var secret = await client.Kv().ReadAsync(path, null, default);
        return secret!.Data.Clone();
    }

    private void Fill()
    {
        for (var i = 0; i < 60; i++)
        {
            Mount.Seed($"files/{i % 3}/user_document/{i:x16}", VaultClients.Upload(RandomNumberGenerator.GetBytes(1 + (i * 701)), $"f{i}"), ("n", $"{i}"));
        }
        Mount.Seed("files/1/report/00000000000000ff", VaultClients.Upload(RandomNumberGenerator.GetBytes(3 << 20)));
        Mount.Seed("files/1/report/json", VaultClients.Json("""{"number":12345678901234567890,"text":"ü\n","list":[1.0,null]}"""));
    }

    [Fact]
    public async Task An_unchanged_secret_is_not_read_again_and_a_changed_one_is_read_once()
    {
        Fill();
        var first = await _test.BackupAsync();
        Assert.Equal(62, _server.DataReads);
        _server.Log.Clear();
        var second = await _test.BackupAsync();
        Assert.Equal(0, _server.DataReads);
        Assert.Equal((0, first.Items), (second.BytesNew, second.Items));
        Assert.True(second.BytesStored < 100_000, $"{second.BytesStored} bytes stored");
        Mount.Seed("files/1/report/json", "{}"u8.ToArray());
        await _client.Kv().DeleteAsync($"files/2/user_document/{2:x16}", default);
        _server.Log.Clear();
        var third = await _test.BackupAsync();
        Assert.Equal(1, _server.DataReads);
        Assert.Equal(first.Items - 1, third.Items);
    }

    [Fact]
    public async Task An_upload_under_two_names_is_stored_once_though_its_metadata_differs()
    {
        var content = RandomNumberGenerator.GetBytes(4 << 20);
        Mount.Seed("files/1/user_document/a", VaultClients.Upload(content, "first.pdf"));
        var first = await _test.BackupAsync();
        Mount.Seed("files/1/user_document/b", VaultClients.Upload(content, "another name.pdf"));
        var second = await _test.BackupAsync();
        Assert.InRange(first.BytesNew, content.Length, content.Length + 1000);   // decoded, not 4/3 of it
        Assert.True(second.BytesNew < content.Length / 3, $"{second.BytesNew} new bytes of {content.Length}");
    }

    [Fact]
    public async Task Everything_comes_back_into_an_empty_mount_equal_and_a_second_restore_writes_nothing()
    {
        Fill();
        await _test.BackupAsync();
        var restored = await RestoreAsync();
        Assert.Equal((JobState.Completed, 0), (restored.State, restored.Errors));
        foreach (var entry in new VaultSourceTree(_client.Kv()).Scan((_, _) => ScanChoice.Include, e => throw e, default).Where(e => e.Kind == ItemKind.File))
        {
            var path = VaultPaths.ToSecretPath(entry.Path);
            Assert.True(JsonElement.DeepEquals(await ValueAsync(_client, path), await ValueAsync(_otherClient, path)));
            Assert.Equal((await _client.Kv().ReadMetadataAsync(path, default))!.CustomMetadata, (await _otherClient.Kv().ReadMetadataAsync(path, default))!.CustomMetadata);
        }
        Assert.Equal("12345678901234567890", (await ValueAsync(_otherClient, "files/1/report/json")).GetProperty("number").GetRawText());
        _other.Log.Clear();
        var again = await RestoreAsync(ConflictAction.Overwrite);
        Assert.Equal((0, 0), (again.ItemsRestored, again.Errors));
        Assert.Equal(0, again.BytesRestored);
        Assert.DoesNotContain(_other.Log, l => l.Method is "POST" or "PUT");
    }

    [Theory]
    [InlineData(ConflictAction.Skip, "newer", 1)]
    [InlineData(ConflictAction.Overwrite, "backed up", 2)]
    [InlineData(ConflictAction.Newer, "newer", 1)]
    [InlineData(ConflictAction.Rename, "newer", 1)]
    public async Task A_conflict_is_settled_by_the_rule(ConflictAction conflict, string expected, int version)
    {
        Mount.Seed("files/1/report/x", VaultClients.Json("""{"v":"backed up"}"""), ("k", "old"));
        await _test.BackupAsync();
        _other.Mount("sting").Seed("files/1/report/x", VaultClients.Json("""{"v":"newer"}"""), ("k", "new"));
        await RestoreAsync(conflict);
        Assert.Equal(expected, (await ValueAsync(_otherClient, "files/1/report/x")).GetProperty("v").GetString());
        var metadata = await _otherClient.Kv().ReadMetadataAsync("files/1/report/x", default);
        Assert.Equal((version, conflict == ConflictAction.Overwrite ? "old" : "new"), (metadata!.CurrentVersion, metadata.CustomMetadata.Single().Value));
        var names = await _otherClient.Kv().ListAsync("files/1/report", default);
        Assert.Equal(conflict == ConflictAction.Rename ? 2 : 1, names!.Count);
    }

    [Fact]
    public async Task A_backed_up_value_that_is_newer_than_what_stands_there_replaces_it()
    {
        _other.Mount("sting").Seed("files/1/report/x", VaultClients.Json("""{"v":"older"}"""));
        Mount.Seed("files/1/report/x", VaultClients.Json("""{"v":"backed up"}"""));
        await _test.BackupAsync();
        await RestoreAsync(ConflictAction.Newer);
        Assert.Equal("backed up", (await ValueAsync(_otherClient, "files/1/report/x")).GetProperty("v").GetString());
    }

    [Fact]
    public async Task Secrets_come_back_into_a_folder_too()
    {
        Mount.Seed("files/1/report/x", VaultClients.Json("""{"v":"backed up"}"""), ("k", "v"));
        Mount.Seed("files/1/report/y", VaultClients.Upload(new byte[70_000]));
        await _test.BackupAsync();
        _test.WrapTarget = directory => directory;
        Assert.Equal(0, (await RestoreAsync()).Errors);
        var folder = Path.Combine(_test.Root, "unused", "files", "1", "report");
        Assert.Equal("""{"v":"backed up"}""", System.Text.Encoding.UTF8.GetString(SecretContent.Decode(await File.ReadAllBytesAsync(Path.Combine(folder, "x")), "x").Span));
        Assert.True((await File.ReadAllBytesAsync(Path.Combine(folder, "y"))).AsSpan(0, 70_000).IndexOfAnyExcept((byte)0) < 0);
    }

    [Fact]
    public async Task A_deleted_secret_gets_a_new_version()
    {
        Mount.Seed("files/1/report/x", VaultClients.Json("""{"v":"backed up"}"""));
        await _test.BackupAsync();
        _other.Mount("sting").Seed("files/1/report/x", VaultClients.Json("""{"v":"gone"}"""));
        await _otherClient.Kv().DeleteAsync("files/1/report/x", default);
        await RestoreAsync();
        Assert.Equal("backed up", (await ValueAsync(_otherClient, "files/1/report/x")).GetProperty("v").GetString());
        Assert.Equal(2, (await _otherClient.Kv().ReadMetadataAsync("files/1/report/x", default))!.CurrentVersion);
    }

    [Fact]
    public async Task What_is_written_during_the_restore_is_not_overwritten()
    {
        Mount.Seed("files/1/report/x", VaultClients.Json("""{"v":"backed up"}"""));
        await _test.BackupAsync();
        _other.Mount("sting").Seed("files/1/report/x", VaultClients.Json("""{"v":"older"}"""));
        _other.Disturb = (r, _) =>
        {
            if (r.Method == "POST" && r.Path == "sting/data/files/1/report/x")
            {
                _other.Mount("sting").Seed("files/1/report/x", VaultClients.Json("""{"v":"written meanwhile"}"""));
            }
            return null;
        };
        var errors = new List<StingException>();
        await RestoreAsync(ConflictAction.Overwrite, errors);
        Assert.Equal("RestoreConflict", Assert.Single(errors).ErrorId);
        Assert.Equal("written meanwhile", (await ValueAsync(_otherClient, "files/1/report/x")).GetProperty("v").GetString());
    }

    [Fact]
    public async Task A_write_whose_answer_is_lost_is_done_once()
    {
        Mount.Seed("files/1/report/x", VaultClients.Json("""{"v":"backed up"}"""));
        await _test.BackupAsync();
        var lost = 0;
        _other.Disturb = (r, _) => r.Method == "POST" && r.Path == "sting/data/files/1/report/x" && lost++ == 0 ? new StandInFault(CutAt: 10) : null;
        Assert.Equal(0, (await RestoreAsync()).Errors);
        Assert.Equal(1, (await _otherClient.Kv().ReadMetadataAsync("files/1/report/x", default))!.CurrentVersion);
    }

    [Fact]
    public async Task A_missing_right_fails_the_item_with_the_policy_and_a_sealed_server_the_restore()
    {
        Mount.Seed("files/1/report/x", VaultClients.Json("""{"v":1}"""));
        Mount.Seed("files/1/user_document/y", VaultClients.Json("""{"v":2}"""), ("k", "v"));
        await _test.BackupAsync();
        _otherClient.Dispose();
        _otherClient = _other.Client(VaultClients.Token(_other.TokenWith("""
            path "sting/metadata/*" { capabilities = ["read", "list"] }
            path "sting/data/files/1/user_document/*" { capabilities = ["create", "update"] }
            """)));
        var errors = new List<StingException>();
        Assert.Equal(JobState.CompletedWithErrors, (await RestoreAsync(errors: errors)).State);
        var error = Assert.Single(errors);
        Assert.Contains("""path "sting/data/files/*" { capabilities = ["update"] }""", error.Remedy, StringComparison.Ordinal);
        Assert.Equal(2, (await ValueAsync(_other.Client(), "files/1/user_document/y")).GetProperty("v").GetInt32());   // without its custom metadata, which was told
        _other.Sealed = true;
        Assert.Equal("VaultSealed", (await Assert.ThrowsAsync<StingException>(() => RestoreAsync())).ErrorId);
    }

    [Fact]
    public async Task A_sealed_server_ends_the_backup_and_commits_nothing()
    {
        Fill();
        await _test.BackupAsync();
        Mount.Seed("files/1/report/json", "{}"u8.ToArray());
        _server.Disturb = (r, _) =>
        {
            _server.Sealed |= r.Path.Contains("/data/", StringComparison.Ordinal);
            return null;
        };
        Assert.Equal("VaultSealed", (await Assert.ThrowsAsync<StingException>(() => _test.BackupAsync())).ErrorId);
        _server.Disturb = (_, _) => null;
        _server.Sealed = false;
        Assert.Equal(JobState.Completed, (await _test.BackupAsync()).State);
    }

    [Fact]
    public async Task A_secret_of_50_MB_goes_there_and_back()
    {
        var content = new byte[50 << 20];
        RandomNumberGenerator.Fill(content.AsSpan(0, 1 << 20));
        Mount.Seed("files/1/user_document/large", VaultClients.Upload(content));
        _other.MaxRequestSize = 100 << 20;
        await _test.BackupAsync();
        Assert.Equal(0, (await RestoreAsync()).Errors);
        Assert.True((await ValueAsync(_otherClient, "files/1/user_document/large")).GetProperty("data").GetBytesFromBase64().AsSpan().SequenceEqual(content));
    }
}
