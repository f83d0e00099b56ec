using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using StingBackup.Engine.Reserve.Sample;
using StingBackup.Fixtures.Sting;

namespace StingBackup.Engine.Tests.Sting;

/// <summary>The imitated installation is what STING's sources describe, and has all that is awkward in one.</summary>
public sealed class StingPlanTests
{
    private static readonly StingPlan Small = StingPlan.Build(new StingSiteOptions());

    [Fact]
    public void The_same_seed_is_the_same_installation_and_another_is_another()
    {
        Assert.Equal(Facts(Small), Facts(StingPlan.Build(new StingSiteOptions())));
        Assert.NotEqual(Facts(Small), Facts(StingPlan.Build(new StingSiteOptions { Seed = 2 })));
    }

    [Fact]
    public void The_full_size_is_fifty_people_and_two_GB()
    {
        var full = StingPlan.Build(new StingSiteOptions { Scale = 1 });
        Assert.Equal((50, 42), (full.People.Count, full.Jars.Count));
        Assert.InRange(full.Uploads.Count, 2900, 3100);
        var bytes = full.Uploads.Sum(u => u.Content.Length) + full.Files.Sum(f => f.Length);
        Assert.InRange(bytes, 1_900_000_000, 2_700_000_000);
        // One person near the end of a quota of 1 GB, one with nothing.
        Assert.InRange(full.Uploads.Where(u => u.Owner == full.People[SamplePeople.Heavy]).Sum(u => u.Content.Length), 0.85e9, 0.97e9);
        Assert.DoesNotContain(full.Uploads, u => u.Owner == full.People[SamplePeople.Empty] && u.Type == "user_document");
        // All fits into what Vault takes in one request.
        Assert.True(full.Uploads.Max(u => u.Content.Length) * 16 / 9 < (32 << 20) - 4096);
    }

    [Fact]
    public void All_that_is_awkward_is_there()
    {
        var uploads = Small.Uploads;
        Assert.Contains(uploads, u => u.Owner.KratosId is null && u.OwnerId == StingPlan.Text(u.Owner.Id));
        Assert.Contains(uploads.Where(u => u.HasRow).GroupBy(u => (u.OwnerId, u.Type, u.Content)), g => g.Count() > 1);
        Assert.Contains(uploads, u => u.IsDeleted);
        Assert.Contains(uploads, u => !u.HasRow);
        Assert.Contains(uploads, u => u.IsHeld && u.Owner == Small.People[StingPlan.Held]);
        Assert.Contains(uploads, u => u.Name.Length >= 200);
        Assert.Contains(uploads, u => u.Name.Contains('\t', StringComparison.Ordinal));
        Assert.All(Enum.GetValues<StingStorage>(), s => Assert.Contains(uploads, u => u.Storage == s));
        Assert.All((string[])["profile_picture", "user_document", "report", "temporary"], t => Assert.Contains(uploads, u => u.Type == t));
        Assert.Equal(2, Small.Jars.Count(j => j.Owner == "system"));
        Assert.Contains(Small.Documents, d => d.DiskName is null);
        Assert.NotEqual(Small.MasterKey, Small.EarlierMasterKey);
    }

    /// <summary>Decrypts as honey_reserve_encryption.py's decrypt_file does, written down a second time.</summary>
    [Fact]
    public void An_encrypted_upload_opens_as_STING_opens_it()
    {
        byte[] content = [.. Enumerable.Range(0, 1000).Select(i => (byte)i)], key = RandomNumberGenerator.GetBytes(32);
        const string Owner = "5f0c1f9a-7f8a-4a55-8f19-6a3c2f0b8d11";
        var stored = StingBlob.Encrypt(content, Owner, key, new SampleRandom(7), SampleClock.Epoch);
        using var value = JsonDocument.Parse(StingBlob.Value(stored, "a.pdf", "user_document", Owner, 1705282200));
        Assert.Equal(["data", "hash", "metadata", "size"], value.RootElement.EnumerateObject().Select(p => p.Name));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(stored)), value.RootElement.GetProperty("hash").GetString());

        var text = value.RootElement.GetProperty("data").GetBytesFromBase64();
        Assert.StartsWith("{\"encrypted_data\": \"", Encoding.UTF8.GetString(text), StringComparison.Ordinal);
        using var blob = JsonDocument.Parse(text);
        Assert.Equal(["encrypted_data", "encrypted_file_key", "file_hash", "encryption_metadata", "created_at"], blob.RootElement.EnumerateObject().Select(p => p.Name));
        var userKey = HKDF.DeriveKey(HashAlgorithmName.SHA256, key, 32, SHA256.HashData(Encoding.UTF8.GetBytes(Owner)), "STING-CE-Honey-Reserve-v1"u8.ToArray());
        var fileKey = Open(userKey, blob.RootElement.GetProperty("encrypted_file_key").GetBytesFromBase64());
        Assert.Equal(content, Open(fileKey, blob.RootElement.GetProperty("encrypted_data").GetBytesFromBase64()));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(content)), blob.RootElement.GetProperty("file_hash").GetString());
        using var metadata = JsonDocument.Parse(blob.RootElement.GetProperty("encryption_metadata").GetString()!);
        Assert.Equal(Owner, metadata.RootElement.GetProperty("user_id").GetString());
        Assert.Equal(1028, metadata.RootElement.GetProperty("encrypted_size").GetInt32());
    }

    private static byte[] Open(byte[] key, byte[] sealedText)
    {
        var text = new byte[sealedText.Length - 28];
        using var cipher = new AesGcm(key, 16);
        cipher.Decrypt(sealedText.AsSpan(0, 12), sealedText.AsSpan(12, text.Length), sealedText.AsSpan(12 + text.Length), text);
        return text;
    }

    private static List<string> Facts(StingPlan plan) =>
        [.. plan.Uploads.Select(u => $"{u.FileId} {u.OwnerId} {u.Type} {u.Name} {u.Content.Seed} {u.Storage} {u.IsDeleted}"), .. plan.Documents.Select(d => $"{d.Id} {d.Jar.Id} {d.DiskName}"), .. plan.Files.Select(f => f.ToString()), Convert.ToHexString(plan.MasterKey)];
}
