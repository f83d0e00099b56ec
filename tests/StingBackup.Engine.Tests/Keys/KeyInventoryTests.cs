using StingBackup.Engine.Keys;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Keys;

public sealed class KeyInventoryTests : IDisposable
{
    private const string Passphrase = "open sesame";
    private readonly KeyFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Every_key_is_listed_with_place_and_state_and_no_secret()
    {
        using var keys = await _fixture.CreateAsync(Passphrase, spares: 200);
        using var writers = await keys.LoadWritersAsync(_fixture.Store, default);
        await using (var writer = keys.OpenWriter(_fixture.Store, writers))
        {
            await writer.GetAsync("user:ada", default);
        }
        var rows = await ListAsync(keys, _fixture.Store);
        Assert.Equal(
            [KeyKind.KeyRole, KeyKind.KeyVault, KeyKind.EpochSecret, KeyKind.EpochSecret, KeyKind.KeyStoreReplica, KeyKind.KeyStoreReplica,
                KeyKind.HostSigning, KeyKind.HostEncryption, KeyKind.Directory, KeyKind.Spares, KeyKind.Subject],
            rows.Select(row => row.Kind));
        Assert.All(rows, row => Assert.Null(row.Problem));
        Assert.Equal(KeyState.Sealed, rows[0].State);
        Assert.Equal(keys.KeyRoleFingerprint, rows[0].Fingerprint);
        Assert.Equal(200, rows[4].Records);
        Assert.Equal(199, rows[9].SparesLeft);
        Assert.Equal(_fixture.Clock.GetUtcNow(), rows[10].CreatedTime);
        Assert.All(rows.Skip(2), row => Assert.Equal(KeyState.Ready, row.State));

        var secrets = Secrets();
        Assert.NotEmpty(secrets);
        Assert.All(rows, row => Assert.All(secrets, secret => Assert.DoesNotContain(secret, row.ToString(), StringComparison.OrdinalIgnoreCase)));
    }

    [Fact]
    public async Task What_is_wrong_with_a_key_stands_in_its_row()
    {
        using var keys = await _fixture.CreateAsync(spares: 1);
        KeyFixture.Flip(_fixture.Secret(0), 50);
        KeyFixture.Flip(_fixture.Replica(1), 200);
        File.Delete(_fixture.InKeys("reserve.key"));
        var rows = await ListAsync(keys, null);
        Assert.Equal(KeyState.Missing, rows[0].State);
        Assert.Equal(KeyState.Damaged, rows[2].State);
        Assert.Equal(KeyState.Ready, rows[3].State);
        Assert.Equal(KeyState.Ready, rows[4].State);
        Assert.Equal(KeyState.Damaged, rows[5].State);
        Assert.Null(rows[5].Records);
        Assert.Equal(KeyState.Low, rows[^1].State);
        Assert.All(rows.Where(row => row.State != KeyState.Ready), row => Assert.False(string.IsNullOrEmpty(row.Problem)));
    }

    [Fact]
    public async Task A_key_file_that_others_may_read_is_shown_as_exposed()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }
        using var keys = await _fixture.CreateAsync();
        File.SetUnixFileMode(_fixture.InHost(HostKeys.FileName), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        var row = (await ListAsync(keys, null)).First(row => row.Kind == KeyKind.HostSigning);
        Assert.Equal(KeyState.Exposed, row.State);
        Assert.Contains("0600", row.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_claim_and_a_lost_host_are_listed_too()
    {
        using (var keys = await _fixture.CreateAsync())
        {
            using var writers = await keys.LoadWritersAsync(_fixture.Store, default);
            await using var writer = keys.OpenWriter(_fixture.Store, writers);
            await writer.GetAsync("user:ada", default);
        }
        var claim = _fixture.Store.Objects.Keys.Single(name => name.StartsWith("subjects/", StringComparison.Ordinal));
        var bytes = _fixture.Store.Objects[claim].ToArray();
        bytes[50] ^= 1;
        await _fixture.Store.DeleteAsync(claim, default);
        await _fixture.Store.PutAsync(claim, bytes, default);
        Directory.Delete(_fixture.Options.HostStateDirectory, recursive: true);

        using var reading = _fixture.Open();
        var rows = await ListAsync(reading, _fixture.Store);
        Assert.Contains(rows, row => row is { Kind: KeyKind.HostSigning, State: KeyState.Missing });
        Assert.Contains(rows, row => row is { Kind: KeyKind.HostSigning, State: KeyState.Ready, Name: "host-a" });
        Assert.Contains(rows, row => row is { Kind: KeyKind.Subject, State: KeyState.Damaged } && row.Location == claim);
    }

    [Fact]
    public async Task No_exception_and_no_text_of_the_keys_says_a_secret()
    {
        using var keys = await _fixture.CreateAsync(Passphrase);
        var secrets = Secrets();
        using var half = PrivateHalf.Generate(_fixture.Environment.Random);
        using var host = HostKeys.Read(_fixture.Files, _fixture.InHost(HostKeys.FileName))!;
        var spares = SpareFile.Read(File.ReadAllBytes(_fixture.InHost("spares")), host, "spares");
        var texts = new List<string?> { host.ToString(), half.ToString(), keys.ToString(), half.KeyRole.ToString(), half.Kek.ToString() };
        texts.AddRange(spares.Select(spare => spare.ToString()));
        foreach (var path in Directory.GetFiles(_fixture.Folder, "*", SearchOption.AllDirectories).Where(path => new FileInfo(path).Length > 60))
        {
            var sound = File.ReadAllBytes(path);
            KeyFixture.Flip(path, sound.Length / 2);
            var failure = Record.Exception(() =>
            {
                using var opened = _fixture.Open();
                using var reader = KeyFixture.Unlock(opened, Passphrase);
                texts.AddRange(reader.Faults.Select(fault => fault.ToString()));
            });
            texts.Add(failure?.ToString());
            File.WriteAllBytes(path, sound);
        }
        texts.Add(Record.Exception(() => KeyFixture.Unlock(keys, "wrong"))!.ToString());
        secrets.AddRange(spares.Select(spare => Convert.ToHexString(spare.WriterSecret.Span)));
        Assert.All(texts, text => Assert.All(secrets, secret => Assert.DoesNotContain(secret, text ?? "", StringComparison.OrdinalIgnoreCase)));
        Assert.All(texts, text => Assert.DoesNotContain(Passphrase, text ?? "", StringComparison.OrdinalIgnoreCase));
    }

    private List<string> Secrets()
    {
        using var host = HostKeys.Read(_fixture.Files, _fixture.InHost(HostKeys.FileName))!;
        return
        [
            Convert.ToHexString(host.SigningKey.Scalar), Convert.ToHexString(host.EncryptionKey.Secret), Convert.ToHexString(host.DirectoryKey.Span),
            Convert.ToHexString(host.SpareKey.Span), Convert.ToHexString(File.ReadAllBytes(_fixture.Secret(0)).AsSpan(36, 32)),
        ];
    }

    private static async Task<List<KeyInfo>> ListAsync(ReserveKeys keys, IObjectStore? store)
    {
        var rows = new List<KeyInfo>();
        await foreach (var row in keys.ListAsync(store, default))
        {
            rows.Add(row);
        }
        return rows;
    }
}
