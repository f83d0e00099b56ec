using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Sources.Vault;
using StingBackup.Engine.Targets.Vault;
using StingBackup.Engine.Vault;
using Xunit.Abstractions;

namespace StingBackup.Engine.Tests.Vault;

/// <summary>Uploads that STING sealed, through backups and back into a Vault, with master keys and without.</summary>
public sealed class SealedBackupTests(ITestOutputHelper log) : IAsyncLifetime
{
    private readonly byte[] _master = RandomNumberGenerator.GetBytes(32), _earlier = RandomNumberGenerator.GetBytes(32);
    private readonly List<string> _told = [];
    private VaultStandIn _server = null!, _other = null!;
    private VaultClient _client = null!, _otherClient = null!;
    private TestInstallation _test = null!;
    private byte[][] _keys = [];

    public async Task InitializeAsync()
    {
        (_server, _other) = (await VaultStandIn.StartAsync(), await VaultStandIn.StartAsync());
        _server.Mount("sting");
        _other.Mount("sting");
        (_client, _otherClient) = (_server.Client(), _other.Client());
        _test = Install();
        _keys = [_master];
    }

    private TestInstallation Install() => new()
    {
        Settings = new() { Path = "/", Rules = [new ClassRule("files/*/**", DataClass.UserFiles, "user:{2}")] },
        WrapSource = directory =>
        {
            directory.Dispose();
            return new VaultSourceTree(_client.Kv(), tell: _told.Add) { Keys = Load() };
        },
        WrapTarget = directory =>
        {
            directory.Dispose();
            return new VaultRestoreTarget(_otherClient.Kv()) { Keys = Load() };
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
    private static string Secret(int person, int n) => $"files/{StingSeal.Person(person)}/user_document/{n:x16}";

    private MasterKeys? Load() => MasterKeys.Load([.. _keys.Select(k => StingSeal.KeyFile(Path.Combine(_test.Root, "env"), k))], _told.Add);

    private async Task<RestoreResult> RestoreAsync(ConflictAction conflict = ConflictAction.Skip, List<StingException>? errors = null)
    {
        var request = new RestoreRequest { Scope = RestoreScope.Reserve, Destination = Path.Combine(_test.Root, "unused"), Conflict = conflict, Classes = [DataClass.UserFiles], AllowPartial = true };
        var plan = await RestoreJob.PlanAsync(_test.Installation, request, default);
        return await TestInstallation.CompleteAsync<RestoreResult>(RestoreJob.RunAsync(_test.Installation, plan, default), errors);
    }

    private async Task AssertEqualAsync(string path)
    {
        using var one = await _client.Kv().ReadAsync(path, null, default);
        using var two = await _otherClient.Kv().ReadAsync(path, null, default);
        Assert.Equal(one!.Data.GetProperty("data").GetString(), two!.Data.GetProperty("data").GetString());   // byte for byte
        Assert.True(JsonElement.DeepEquals(one.Data, two.Data));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_same_upload_sealed_twice_is_stored_once_with_the_key_and_twice_without(bool withKey)
    {
        _keys = withKey ? [_master] : [];
        var upload = RandomNumberGenerator.GetBytes(180_000);   // STING's usual size: one or two chunks
        Mount.Seed(Secret(1, 1), StingSeal.Value(_master, StingSeal.Person(1), upload));
        var first = await _test.BackupAsync();
        Mount.Seed(Secret(1, 2), StingSeal.Value(_master, StingSeal.Person(1), upload, "another title"));
        var second = await _test.BackupAsync();
        Assert.InRange(first.BytesNew, 180_000, 183_000);
        Assert.InRange(second.BytesNew, withKey ? 500 : 180_000, withKey ? 3_000 : 183_000);
    }

    [Fact]
    public async Task Everything_comes_back_byte_for_byte_and_what_did_not_change_is_not_read()
    {
        _keys = [_master, _earlier];
        for (var i = 0; i < 40; i++)
        {
            Mount.Seed(Secret(i % 4, i), StingSeal.Value(i % 3 == 0 ? _earlier : _master, StingSeal.Person(i % 4), RandomNumberGenerator.GetBytes(i * 4001)), ("n", $"{i}"));
        }
        await _test.BackupAsync();
        _server.Log.Clear();
        Assert.Equal(0, (await _test.BackupAsync()).BytesNew);
        Assert.Equal(0, _server.DataReads);
        Assert.Equal((JobState.Completed, 0L), ((await RestoreAsync()) is var restored ? (restored.State, (long)restored.Errors) : default));
        for (var i = 0; i < 40; i++)
        {
            await AssertEqualAsync(Secret(i % 4, i));
        }
        _other.Log.Clear();
        Assert.Equal(0, (await RestoreAsync(ConflictAction.Overwrite)).ItemsRestored);
        Assert.DoesNotContain(_other.Log, l => l.Method is "POST" or "PUT");
        Assert.Empty(_told);
    }

    [Fact]
    public async Task Without_its_key_an_item_is_refused_by_name_and_nothing_is_written_in_its_place()
    {
        _keys = [_master, _earlier];
        Mount.Seed(Secret(1, 1), StingSeal.Value(_master, StingSeal.Person(1), RandomNumberGenerator.GetBytes(100_000)));
        Mount.Seed(Secret(1, 2), StingSeal.Value(_earlier, StingSeal.Person(1), RandomNumberGenerator.GetBytes(2_000)));
        Mount.Seed(Secret(1, 3), VaultClients.Upload([1, 2, 3]));
        await _test.BackupAsync();
        _keys = [_master];
        var errors = new List<StingException>();
        Assert.Equal(JobState.CompletedWithErrors, (await RestoreAsync(errors: errors)).State);
        var error = Assert.Single(errors);
        Assert.Equal("MasterKeyMissing", error.ErrorId);
        Assert.Contains(Secret(1, 2), error.Message, StringComparison.Ordinal);
        await AssertEqualAsync(Secret(1, 1));
        await AssertEqualAsync(Secret(1, 3));
        Assert.Null(await _otherClient.Kv().ReadMetadataAsync(Secret(1, 2), default));
        _keys = [_master, _earlier];
        Assert.Equal(0, (await RestoreAsync()).Errors);
        await AssertEqualAsync(Secret(1, 2));
    }

    [Fact]
    public async Task A_key_that_comes_later_opens_with_the_next_full_run_and_equal_values_are_not_written_again()
    {
        var text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 20_000).Select(i => $"line {i} of a report\n")));
        _keys = [];
        Mount.Seed(Secret(1, 1), StingSeal.Value(_master, StingSeal.Person(1), text));
        await _test.BackupAsync();
        await RestoreAsync();
        _keys = [_master];
        Assert.Equal(0, (await _test.BackupAsync()).BytesNew);   // unchanged: not read
        _other.Log.Clear();
        await RestoreAsync(ConflictAction.Overwrite);            // kept as it is in the backup, opened from the server: equal all the same
        Assert.DoesNotContain(_other.Log, l => l.Method is "POST" or "PUT");
        var full = await _test.BackupAsync(BackupType.Full);
        Assert.InRange(full.BytesNew, text.Length, text.Length + 3000);
        Assert.True(full.BytesStored < text.Length / 2, $"{full.BytesStored} bytes stored of {text.Length}");
        await RestoreAsync(ConflictAction.Overwrite);
        Assert.DoesNotContain(_other.Log, l => l.Method is "POST" or "PUT");
        await AssertEqualAsync(Secret(1, 1));
    }

    [Fact]
    public async Task A_key_that_does_not_fit_keeps_the_ciphertext_and_is_told_once()
    {
        for (var i = 0; i < 3; i++)
        {
            Mount.Seed(Secret(1, i), StingSeal.Value(_earlier, StingSeal.Person(1), RandomNumberGenerator.GetBytes(1000)));
        }
        await _test.BackupAsync();
        Assert.Contains("vault.master_key_files", Assert.Single(_told), StringComparison.Ordinal);
        _keys = [];
        Assert.Equal(0, (await RestoreAsync()).Errors);   // kept as it is: no key is needed
        await AssertEqualAsync(Secret(1, 2));
    }

    [Fact]
    public async Task The_configuration_names_the_files()
    {
        var upload = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("honey ", 60_000)));
        Mount.Seed(Secret(1, 1), StingSeal.Value(_master, StingSeal.Person(1), upload));
        var (token, file) = (Path.Combine(_test.Root, "token"), Path.Combine(_test.Root, "sting-backup.yaml"));
        File.WriteAllText(token, VaultStandIn.RootToken);
        File.WriteAllText(file, $$"""
            repository: { backup_root: {{_test.RepositoryRoot}} }
            reserve: { path: {{_test.ReserveRoot}} }
            keys: { spares: 20, directory: {{Path.Combine(_test.Root, "keys")}} }
            vault:
              address: "{{_server.Address.GetLeftPart(UriPartial.Authority)}}"
              token_file: {{token}}
              master_key_files: [ {{StingSeal.KeyFile(Path.Combine(_test.Root, "env"), _master)}} ]
            state_directory: {{Path.Combine(_test.Root, "state")}}
            """);
        var configuration = new ConfigurationLoader(new HostView()).Load(file);
        _test.WrapSource = source => source;
        _test.FurtherSources = [.. ConfiguredSources.Of(configuration, ReserveMap.Compile(_test.Settings, UsersMap.Empty), UsersMap.Empty, _test.HostView, TimeProvider.System)];
        var result = await _test.BackupAsync();
        Assert.InRange(result.BytesNew, 1, upload.Length + 3000);
        Assert.True(result.BytesStored < 60_000, $"{result.BytesStored} bytes stored");   // ciphertext would not compress
    }

    /// <summary>The figures stand in docs/vault-secrets.md; STING_MEASURE_SECRETS sets how many uploads there are.</summary>
    [Fact]
    public async Task Opened_uploads_take_less_room()
    {
        var count = int.Parse(Environment.GetEnvironmentVariable("STING_MEASURE_SECRETS") ?? "60", System.Globalization.CultureInfo.InvariantCulture);
        var corpus = new SealedCorpus(count);
        var stored = new List<(long First, long Second)>();
        foreach (var keys in new byte[][][] { [], [_master] })
        {
            await DisposeAsync();
            await InitializeAsync();
            _keys = keys;
            var began = TimeProvider.System.GetTimestamp();
            foreach (var (path, user, upload) in corpus.First)
            {
                Mount.Seed(path, StingSeal.Value(_master, user, upload));
            }
            var seeded = TimeProvider.System.GetElapsedTime(began);
            var first = await _test.BackupAsync();
            var took = TimeProvider.System.GetElapsedTime(began) - seeded;
            foreach (var (path, user, upload) in corpus.Second)
            {
                Mount.Seed(path, StingSeal.Value(_master, user, upload));
            }
            var second = await _test.BackupAsync();
            stored.Add((first.BytesStored, second.BytesStored));
            log.WriteLine(FormattableString.Invariant($"{count} uploads, {corpus.Length} bytes, {keys.Length} keys: read {first.BytesRead}, new {first.BytesNew}, stored {first.BytesStored} in {took.TotalSeconds:f1} s; {corpus.Second.Count} sealed anew: new {second.BytesNew}, stored {second.BytesStored}"));
        }
        Assert.True(stored[1].First < 0.9 * stored[0].First, $"{stored[1].First} of {stored[0].First}");
        Assert.True(stored[1].Second < 0.5 * stored[0].Second, $"{stored[1].Second} of {stored[0].Second}");
    }
}
