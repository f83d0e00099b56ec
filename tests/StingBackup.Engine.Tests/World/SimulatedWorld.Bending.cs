using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Tests.World;

/// <summary>What mutations need to do wrong what the engine does right.</summary>
internal sealed partial class SimulatedWorld
{
    public IndexFragment Parse(string name, ReadOnlyMemory<byte> bytes) => IndexFragment.Read(name, bytes, _template.Reserve, _template.Enrolled.SigningKeyOf);

    /// <summary>The same fragment, signed anew, without some of what it says to be gone.</summary>
    public byte[] WithoutRemoves(WorldHost host, IndexFragment fragment, IReadOnlySet<Id32> left)
    {
        var content = new IndexContent();
        content.Packs.AddRange(fragment.Packs);
        content.Segments.AddRange(fragment.Segments);
        content.Entries.AddRange(Enumerable.Range(0, fragment.Count).Select(rank => fragment[rank]));
        content.Removes.AddRange(fragment.Removes.Where(pack => !left.Contains(pack)));
        content.Supersedes.AddRange(fragment.Supersedes);
        return IndexFragment.Write(content, _template.Reserve, fragment.Writer, fragment.Sequence, fragment.Level, host.Running!.Signer);
    }

    /// <summary>Takes over records of earlier epochs that a replica brought back, where their secret is mounted too. The first replica, by which epochs are switched, has them no more.</summary>
    public void MergeEarlierEpochs(WorldHost host, ReserveKeys keys)
    {
        using var store = keys.OpenKeyStore();
        var mounted = Disk.All.Where(f => !Disk.IsAway(f.Key) && f.Value.Length > 0).ToList();
        foreach (var (path, bytes) in mounted.Where(f => f.Key.EndsWith(".secret", StringComparison.Ordinal)))
        {
            var payload = KeyFrame.ReadWhole(bytes, KeyFileKind.EpochSecret, path).Span;
            var epoch = System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(payload[16..]);
            using var cipher = new AesGcm(payload[20..], 16);
            var isBack = !Disk.All.ContainsKey(Path.Combine(host.Options.KeyStoreReplicas[0], RecordFile.NameOf(epoch)));
            foreach (var (records, content) in mounted.Where(f => isBack && epoch < store.Epoch && Path.GetFileName(f.Key) == RecordFile.NameOf(epoch)))
            {
                var back = new List<KeyRecord>();
                foreach (var record in RecordFile.Read(content, _template.Reserve, epoch, records).Records.Where(r => store.NewestGeneration(r.Pseudonym) is null))
                {
                    var inner = new byte[record.InnerSize];
                    if (record.TryOpenOuter(cipher, _template.Reserve, epoch, inner))
                    {
                        back.Add(store.Seal(record.Suite, record.Pseudonym, record.Generation, record.KekGeneration, inner));
                    }
                }
                store.Append(back, default);
                Trace?.Add($"host {host.Number} merges {back.Count} records of epoch {epoch}");
            }
        }
    }
}
