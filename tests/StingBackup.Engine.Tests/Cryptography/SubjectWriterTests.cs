using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Cryptography;

public sealed class SubjectWriterTests : IDisposable
{
    private readonly KeyFixture _fixture = new();

    [Fact]
    public async Task A_subject_that_is_claimed_can_be_written_for_and_read_back()
    {
        using var keys = await _fixture.CreateAsync();
        using var writers = await keys.LoadWritersAsync(_fixture.Store, default);
        await using var writer = keys.OpenWriter(_fixture.Store, writers);
        var subject = await writer.GetAsync("user:ada", default);
        Assert.Equal("user:ada", subject.Name);
        Assert.Equal(1u, subject.Generation);
        Assert.Contains(KeyObjectNames.Claim(writer.TagOf("user:ada")), _fixture.Store.Objects.Keys);

        var dataKey = new byte[32];
        Random.Shared.NextBytes(dataKey);
        var sealedKey = DataKeys.Seal(subject.PublicKey, keys.ReserveId, subject.Pseudonym, subject.Generation, dataKey);
        using var reader = KeyFixture.Unlock(keys);
        Assert.Equal(dataKey, reader.OpenDataKey(subject.Pseudonym, subject.Generation, sealedKey));
        Assert.Equal(subject.IdKey, reader.GetIdKey(subject.Pseudonym).ToArray());
        Assert.Equal(subject.CutKey, reader.GetCutKey(subject.Pseudonym).ToArray());
        Assert.Equal(writer.TagOf("user:ada"), reader.TagOf("user:ada"));
        Assert.Empty(reader.Faults);
    }

    public void Dispose() => _fixture.Dispose();
}
