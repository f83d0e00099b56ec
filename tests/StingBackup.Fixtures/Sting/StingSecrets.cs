using System.Security.Cryptography;
using StingBackup.Engine.Reserve.Sample;
using StingBackup.Engine.Vault;

namespace StingBackup.Fixtures.Sting;

/// <summary>Puts uploads into a Vault, through its API.</summary>
internal sealed class StingSecrets(VaultKv kv, StingPlan plan, int seed)
{
    private const int AtOnce = 4;

    private int _written;
    private long _bytes;

    /// <summary>Versions written.</summary>
    public int Written => _written;

    /// <summary>Bytes of uploads in them, as STING was given them or encrypted them.</summary>
    public long Bytes => _bytes;

    /// <summary>Writes uploads and notes hash and size of each. Equal content of one owner and type is one secret, written again by each upload.</summary>
    public Task WriteAsync(IEnumerable<StingUpload> uploads, CancellationToken cancel) => Parallel.ForEachAsync(
        uploads.GroupBy(u => (u.OwnerId, u.Type, u.Content)).OrderByDescending(g => g.Key.Content.Length), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancel },
        async (same, token) =>
        {
            var content = same.Key.Content.ToBytes();
            var hash = Convert.ToHexStringLower(SHA256.HashData(content));
            foreach (var upload in same)
            {
                (upload.Hash, upload.Size) = (hash, content.Length);
                if (upload.Storage != StingStorage.OnDisk)
                {
                    await WriteAsync(upload, content, token);
                }
            }
        });

    /// <summary>Takes away what nothing names any more.</summary>
    public async Task RemoveAsync(StingUpload upload, CancellationToken cancel)
    {
        if (upload.Storage != StingStorage.OnDisk && !plan.Uploads.Any(u => u != upload && !u.IsDeleted && u.Hash == upload.Hash && u.SecretPath == upload.SecretPath))
        {
            await kv.RemoveAsync(upload.SecretPath, cancel);
        }
    }

    public async Task WriteAsync(StingUpload upload, byte[] content, CancellationToken cancel)
    {
        var stored = upload.Storage == StingStorage.Plain ? content
            : StingBlob.Encrypt(content, upload.OwnerId, upload.Storage == StingStorage.Encrypted ? plan.MasterKey : plan.EarlierMasterKey, SampleRandom.For(seed, upload.FileId), SampleClock.Epoch);
        await kv.WriteAsync(upload.SecretPath, StingBlob.Value(stored, upload.Name, upload.Type, upload.OwnerId, new DateTimeOffset(SampleClock.Epoch).ToUnixTimeSeconds()), null, cancel);
        Interlocked.Increment(ref _written);
        Interlocked.Add(ref _bytes, stored.Length);
    }
}
