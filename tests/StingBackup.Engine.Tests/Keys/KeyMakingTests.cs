using StingBackup.Engine.Keys;

namespace StingBackup.Engine.Tests.Keys;

/// <summary>Keys are made where none are: what another process puts there meanwhile, or somebody left there, is the only copy of something and stays.</summary>
public sealed class KeyMakingTests : IDisposable
{
    private readonly KeyFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Theory]
    [InlineData("keys/reserve.key"), InlineData("epoch-2/epoch-0000000001.secret"), InlineData("store-2/epoch-0000000001.keys"), InlineData("store-1/turn/1"), InlineData("state/host/host.key")]
    public async Task What_another_process_made_meanwhile_is_not_written_over(string path)
    {
        var at = Path.Combine([_fixture.Folder, .. path.Split('/')]);
        _fixture.Files.Watch = written =>
        {
            if (written == at)
            {
                File.WriteAllBytes(at, [1, 2, 3]);
            }
        };
        var error = await Assert.ThrowsAsync<StingException>(() => _fixture.CreateAsync());
        Assert.Equal(("KeysExist", at), (error.ErrorId, error.Target));
        Assert.Equal([1, 2, 3], await File.ReadAllBytesAsync(at));
    }

    public static TheoryData<byte[]> Strangers => new()
    {
        new byte[] { 1, 2, 3 }, KeyFrame.Write(KeyFileKind.Approver, [1]), KeyFrame.Write(KeyFileKind.EpochSecret, new byte[52])[..30], KeyFrame.Write(KeyFileKind.EpochSecret, new byte[52]),
        KeyFrame.Write(KeyFileKind.PrivateHalf, [0xff]),
    };

    [Theory]
    [MemberData(nameof(Strangers))]
    public async Task What_no_interrupted_try_made_stays_and_is_named(byte[] stranger)
    {
        _fixture.Files.FailAt = 9;
        await Assert.ThrowsAsync<StingException>(() => _fixture.CreateAsync());
        _fixture.Files.FailAt = 0;
        await File.WriteAllBytesAsync(_fixture.Secret(0), stranger);
        var error = await Assert.ThrowsAsync<StingException>(() => _fixture.CreateAsync());
        Assert.Equal(("KeysExist", _fixture.Secret(0)), (error.ErrorId, error.Target));
        Assert.Equal(stranger, await File.ReadAllBytesAsync(_fixture.Secret(0)));
    }

    [Fact]
    public async Task A_mark_of_an_interrupted_try_that_names_no_reserve_removes_nothing()
    {
        Directory.CreateDirectory(_fixture.Options.KeyDirectory);
        await File.WriteAllBytesAsync(_fixture.InKeys("reserve.init"), [1, 2, 3]);
        Directory.CreateDirectory(_fixture.Options.EpochPlaces[0]);
        await File.WriteAllBytesAsync(_fixture.Secret(0), [4]);
        var plan = new KeyPlan { Options = _fixture.Options, Creation = KeyFixture.Creation(), Files = [], Spares = 1, Warnings = [] };
        var error = await Assert.ThrowsAsync<StingException>(async () => await ReserveKeys.CreateInAsync(_fixture.Environment, plan, null, default));
        Assert.Equal(("KeyFileDamaged", _fixture.InKeys("reserve.init")), (error.ErrorId, error.Target));
        Assert.Equal([4], await File.ReadAllBytesAsync(_fixture.Secret(0)));
    }

    [Fact]
    public async Task Minting_that_is_stopped_makes_no_spare()
    {
        using var keys = await _fixture.CreateAsync();
        using var reader = KeyFixture.Unlock(keys);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await reader.Role.MintAsync(5, new CancellationToken(canceled: true)));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await reader.Role.MintAsync(0, default));
        using var after = KeyFixture.Unlock(keys);
        Assert.Equal(KeyFixture.FewSpares, after.Pseudonyms.Count);
    }

    [Fact]
    public async Task Who_has_as_many_spares_as_wanted_gets_none()
    {
        using var keys = await _fixture.CreateAsync();
        Assert.Equal(0, await keys.AddSparesAsync(null, null, default));
        Assert.Equal(2, await keys.AddSparesAsync(null, 2, default));
        Assert.Equal(0, await keys.AddSparesAsync(null, null, default));
    }

    [Fact]
    public async Task A_mark_of_an_interrupted_try_beside_whole_keys_removes_nothing()
    {
        (await _fixture.CreateAsync()).Dispose();
        await File.WriteAllBytesAsync(_fixture.InKeys("reserve.init"), KeyFrame.Write(KeyFileKind.Unfinished, new byte[16]));
        var plan = new KeyPlan { Options = _fixture.Options, Creation = KeyFixture.Creation(), Files = [], Spares = 1, Warnings = [] };
        Assert.Equal("KeysExist", (await Assert.ThrowsAsync<StingException>(async () => await ReserveKeys.CreateInAsync(_fixture.Environment, plan, null, default))).ErrorId);
        File.Delete(_fixture.InKeys("reserve.init"));
        using var keys = _fixture.Open();
        using var reader = KeyFixture.Unlock(keys);
        Assert.Equal(KeyFixture.FewSpares, reader.Pseudonyms.Count);
    }
}
