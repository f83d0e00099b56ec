using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Tests.Backup;

namespace StingBackup.Engine.Tests.Keys;

/// <summary>Crashes between and within every two steps of claiming and minting: never one spare for two subjects, never two keys for one.</summary>
public sealed class ClaimCrashTests : IDisposable
{
    private const string Passphrase = "open sesame";
    private readonly KeyFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Theory]
    [InlineData(StoreFault.Before, 1)]
    [InlineData(StoreFault.After, 1)]
    [InlineData(StoreFault.Before, 3)]
    [InlineData(StoreFault.After, 3)]
    public async Task A_store_that_fails_while_claims_are_made_leaves_each_spare_to_its_own_subject(StoreFault fault, int subjects)
    {
        using var keys = await _fixture.CreateAsync(Passphrase);
        using var writers = await keys.LoadWritersAsync(_fixture.Store, default);
        string[] names = [.. Enumerable.Range(0, subjects).Select(i => $"user:{i}")];
        await using (var writer = keys.OpenWriter(new FaultyStore(_fixture.Store) { Next = fault }, writers))
        {
            var error = await Assert.ThrowsAsync<StingException>(async () => await (subjects == 1
                ? writer.GetAsync(names[0], default).AsTask() : writer.PrepareAsync(names, default).AsTask()));
            Assert.Equal("StoreUnavailable", error.ErrorId);
        }
        await using var later = keys.OpenWriter(_fixture.Store, writers);
        var stranger = await later.GetAsync("user:stranger", default);
        await later.PrepareAsync(names, default);
        var mine = new List<Id16> { stranger.Pseudonym };
        foreach (var name in names)
        {
            mine.Add((await later.GetAsync(name, default)).Pseudonym);
        }
        Assert.Equal(mine.Count, mine.Distinct().Count());
        Assert.Equal(KeyFixture.FewSpares - mine.Count, later.Spares.Left);
    }

    [Fact]
    public async Task No_crash_of_host_or_store_lets_a_spare_serve_two_subjects()
    {
        using var keys = await _fixture.CreateAsync(Passphrase, spares: 60);
        using var writers = await keys.LoadWritersAsync(_fixture.Store, default);
        var told = new Dictionary<string, SubjectWriteKeys>();
        var random = new Random(20260115);
        for (var round = 0; round < 60; round++)
        {
            _fixture.Files.FailAt = random.Next(3) == 0 ? 0 : _fixture.Files.Writes + random.Next(1, 5);
            _fixture.Files.DoIt = random.Next(2) == 0;
            _fixture.Files.TornBytes = random.Next(0, 200);
            var store = new FaultyStore(_fixture.Store) { Next = random.Next(3) == 0 ? (StoreFault)random.Next(4) : StoreFault.None };
            await using (var writer = keys.OpenWriter(store, writers))
            {
                for (var step = 0; step < 3; step++)
                {
                    await RunStepAsync(writer, random, told);
                }
            }
            _fixture.Files.FailAt = 0;
        }
        Assert.True(told.Count >= 15, $"{told.Count} subjects");

        using var reader = KeyFixture.Unlock(keys, Passphrase);
        using var verifier = new SignatureVerifier(keys.KeyRolePublicKey.Span);
        var claims = _fixture.Store.Objects.Where(pair => pair.Key.StartsWith("subjects/", StringComparison.Ordinal))
            .Select(pair => SubjectClaim.Read(pair.Key, pair.Value, keys.ReserveId, verifier, writers)).ToDictionary(claim => claim.Tag);
        Assert.Equal(claims.Count, claims.Values.Select(claim => claim.Key.Pseudonym).Distinct().Count());
        Assert.All(told, pair => Assert.Equal(claims[reader.TagOf(pair.Key)].Key.Pseudonym, pair.Value.Pseudonym));
        Assert.All(claims.Values, claim => Assert.NotEqual(0, reader.GetIdKey(claim.Key.Pseudonym).Length));
    }

    [Fact]
    public async Task A_log_of_spares_with_a_wrong_line_burns_every_spare_and_says_so()
    {
        using var keys = await _fixture.CreateAsync(Passphrase);
        using var writers = await keys.LoadWritersAsync(_fixture.Store, default);
        await using (var writer = keys.OpenWriter(_fixture.Store, writers))
        {
            await writer.PrepareAsync(["user:ada", "user:bob"], default);
        }
        KeyFixture.Flip(_fixture.InHost("spares.log"), 20);
        await using (var writer = keys.OpenWriter(_fixture.Store, writers))
        {
            await writer.GetAsync("user:ada", default);
            var error = await Assert.ThrowsAsync<StingException>(async () => await writer.GetAsync("user:cyd", default));
            Assert.Equal("NoSpareLeft", error.ErrorId);
            Assert.Equal("SparesDamaged", Assert.IsType<StingException>(error.InnerException).ErrorId);
            Assert.Contains("spares.log", error.Message, StringComparison.Ordinal);
        }
        using (var secret = SecretBytes.FromPassphrase(Passphrase))
        {
            await keys.AddSparesAsync(secret, 5, default);
        }
        await using var mended = keys.OpenWriter(_fixture.Store, writers);
        await mended.GetAsync("user:cyd", default);
        Assert.Equal(4, mended.Spares.Left);
    }

    [Theory]
    [InlineData("spares")]
    [InlineData("spares.log")]
    public async Task A_file_of_spares_with_any_byte_changed_gives_no_spare(string name)
    {
        using var keys = await _fixture.CreateAsync(Passphrase, spares: 2);
        using var writers = await keys.LoadWritersAsync(_fixture.Store, default);
        await using (var writer = keys.OpenWriter(_fixture.Store, writers))
        {
            await writer.GetAsync("user:ada", default);
        }
        var sound = File.ReadAllBytes(_fixture.InHost(name));
        using var host = HostKeys.Read(_fixture.Files, _fixture.InHost(HostKeys.FileName))!;
        Assert.Equal(1, SpareShelf.Glance(_fixture.Environment, host, HostKeys.FolderOf(_fixture.Options)).Free);
        for (var i = 0; i < sound.Length; i++)
        {
            var bytes = (byte[])sound.Clone();
            bytes[i] ^= 1;
            File.WriteAllBytes(_fixture.InHost(name), bytes);
            var (free, damage) = SpareShelf.Glance(_fixture.Environment, host, HostKeys.FolderOf(_fixture.Options));
            Assert.Equal(0, free);
            Assert.True(damage?.ErrorId is "SparesDamaged", $"byte {i}: {damage?.ErrorId}");
        }
        File.Delete(_fixture.InHost("spares.log"));
        File.WriteAllBytes(_fixture.InHost("spares"), name == "spares" ? sound : File.ReadAllBytes(_fixture.InHost("spares")));
        Assert.Equal("SparesDamaged", SpareShelf.Glance(_fixture.Environment, host, HostKeys.FolderOf(_fixture.Options)).Damage?.ErrorId);
    }

    [Fact]
    public async Task Two_jobs_never_hold_the_spares_of_one_host_at_once()
    {
        using var keys = await _fixture.CreateAsync(Passphrase);
        using var writers = await keys.LoadWritersAsync(_fixture.Store, default);
        await using var first = keys.OpenWriter(_fixture.Store, writers);
        await first.GetAsync("user:ada", default);
        await using var second = keys.OpenWriter(_fixture.Store, writers);
        Assert.Equal((await first.GetAsync("user:ada", default)).Pseudonym, (await second.GetAsync("user:ada", default)).Pseudonym);

        var waiting = second.GetAsync("user:bob", default).AsTask();
        while (!waiting.IsCompleted)
        {
            _fixture.Clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(1);
        }
        var error = await Assert.ThrowsAsync<StingException>(() => waiting);
        Assert.Equal("KeysBusy", error.ErrorId);
        Assert.Equal(FailureKind.Busy, error.Kind);

        await first.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await first.GetAsync("user:cyd", default));
        await second.GetAsync("user:bob", default);
    }

    private static async Task RunStepAsync(SubjectWriter writer, Random random, Dictionary<string, SubjectWriteKeys> told)
    {
        try
        {
            string[] names = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => $"user:{random.Next(30)}")];
            if (random.Next(2) == 0)
            {
                await writer.PrepareAsync(names, default);
            }
            foreach (var name in names)
            {
                var keys = await writer.GetAsync(name, default);
                if (told.TryGetValue(name, out var before))
                {
                    Assert.Equal(before.Pseudonym, keys.Pseudonym);
                    Assert.Equal(before.IdKey, keys.IdKey);
                }
                told[name] = keys;
            }
        }
        catch (StingException crash)
        {
            Assert.True(crash.ErrorId is "KeyFileUnavailable" or "StoreUnavailable", crash.ToString());
        }
    }
}
