using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Lifecycle;

namespace StingBackup.Engine.Tests.Lifecycle;

/// <summary>What a renewal of keys says before it begins, and of what it could not reach.</summary>
public sealed class KeyRotationPlanTests
{
    private static async Task<KeyRotationPlan> PlanAsync(ErasureFixture fixture, KeyRotationRequest request)
    {
        await using var installation = await fixture.OpenAsync();
        return await KeyRotationJob.PlanAsync(installation, request, default);
    }

    [Fact]
    public async Task A_key_file_that_a_Vault_seals_gets_a_new_version_of_its_transit_key_too()
    {
        using var fixture = await ErasureFixture.CreateAsync();
        Assert.DoesNotContain((await PlanAsync(fixture, new KeyRotationRequest(KeyRotationKind.KeyEncryptionKey))).Changes, change => change.Contains("Transit key", StringComparison.Ordinal));
        var random = fixture.Keys.Environment.Random;
        using var half = PrivateHalf.Generate(random);
        using var fileKey = SecretBytes.Random(PrivateHalfFile.FileKeySize, random);
        using (var keys = fixture.Keys.Open())
        {
            await File.WriteAllBytesAsync(fixture.Keys.InKeys(PrivateHalfFile.FileName), PrivateHalfFile.WriteWrapped(half, keys.ReserveId, fileKey, new WrappedFileKey(new KeyWrapperName("transit", "backup"), "vault:v1:x"), random));
        }
        Assert.Contains((await PlanAsync(fixture, new KeyRotationRequest(KeyRotationKind.KeyEncryptionKey))).Changes, change => change.StartsWith("Transit key transit/backup", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Where_no_subject_has_a_key_there_is_none_to_renew()
    {
        using var fixture = await ErasureFixture.CreateAsync();
        Assert.Equal(1, (await PlanAsync(fixture, new KeyRotationRequest(KeyRotationKind.Subject, null, "ada"))).Claims);   // a person, where nothing else is said
        foreach (var claim in fixture.Keys.Store.Objects.Keys.Where(name => name.StartsWith("subjects/", StringComparison.Ordinal)).ToList())
        {
            await fixture.Keys.Store.DeleteAsync(claim, default);
        }
        var all = await Assert.ThrowsAsync<StingException>(() => PlanAsync(fixture, new KeyRotationRequest(KeyRotationKind.Subject)));
        Assert.Equal(("NothingToRotate", "No subject has a key that is in use."), (all.ErrorId, all.Message));
        Assert.Equal("NothingToRotate", (await Assert.ThrowsAsync<StingException>(() => PlanAsync(fixture, new KeyRotationRequest(KeyRotationKind.Subject, RestoreScope.User, "ada")))).ErrorId);
    }

    [Fact]
    public async Task A_place_that_is_away_is_told_and_the_renewal_counts_as_one_with_errors()
    {
        using var fixture = await ErasureFixture.CreateAsync();
        var (place, away) = (fixture.Keys.Options.EpochPlaces[1], Path.Combine(fixture.Keys.Folder, "away"));
        Directory.Move(place, away);
        var errors = new List<StingException>();
        await using (var installation = await fixture.OpenAsync())
        {
            var plan = await KeyRotationJob.PlanAsync(installation, new KeyRotationRequest(KeyRotationKind.Epoch), default);
            var result = await TestInstallation.CompleteAsync<KeyRotationResult>(KeyRotationJob.RunAsync(installation, plan, default), errors);
            Assert.Equal((JobState.CompletedWithErrors, 2L), (result.State, result.Epoch));
            Assert.Equal(errors.Select(error => error.Message), result.Waiting);
        }
        Assert.NotEmpty(errors);
        Directory.Move(away, place);
        Assert.Equal(ErasureFixture.Secret, await File.ReadAllBytesAsync(Path.Combine(await fixture.RestoreAsync("bob"), "users/bob/diary.txt")));
    }
}
