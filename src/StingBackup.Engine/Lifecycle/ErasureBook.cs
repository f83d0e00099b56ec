using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Lifecycle;

/// <summary>Requests for erasure and legal holds, in the key directory. Reading them needs the directory and no secret; writing needs the key role.</summary>
internal sealed class ErasureBook
{
    private readonly SignedFolder _erasures;
    private readonly SignedFolder _holds;
    private readonly ReserveKeys _keys;
    private readonly string _certificates;

    public ErasureBook(ReserveKeys keys)
    {
        _keys = keys;
        _erasures = new SignedFolder(keys.Files, Path.Combine(keys.KeyDirectory, "erasures"), KeyFileKind.Erasure);
        _holds = new SignedFolder(keys.Files, Path.Combine(keys.KeyDirectory, "holds"), KeyFileKind.LegalHold);
        _certificates = Path.Combine(keys.KeyDirectory, "certificates");
    }

    /// <summary>Every request, oldest first.</summary>
    public IReadOnlyList<ErasureRecord> Erasures => [.. _erasures.ReadAll(_keys.KeyRoleKeys, ErasureRecord.Read, record => record.Id).OrderBy(record => record.RequestedNs).ThenBy(record => record.Id)];

    /// <summary>Every hold, oldest first, those that were lifted included.</summary>
    public IReadOnlyList<HoldRecord> Holds => [.. _holds.ReadAll(_keys.KeyRoleKeys, HoldRecord.Read, record => record.Id).OrderBy(record => record.SetNs).ThenBy(record => record.Id)];

    /// <summary>Holds that stand against the erasure of any of these tags.</summary>
    public IReadOnlyList<HoldRecord> HoldsOn(IEnumerable<Id16> tags)
    {
        var meant = tags.ToHashSet();
        return [.. Holds.Where(hold => hold.IsActive && meant.Contains(hold.Tag))];
    }

    public void Keep(ErasureRecord record, ISigner keyRole) => _erasures.Write(record.Id, record.ToPayload(), keyRole);

    public void Keep(HoldRecord record, ISigner keyRole) => _holds.Write(record.Id, record.ToPayload(), keyRole);

    /// <summary>Where a request's certificate lies.</summary>
    public string CertificateOf(Id16 id) => Path.Combine(_certificates, $"{id}.json");

    /// <summary>Keeps a certificate and its page.</summary>
    public void KeepCertificate(Id16 id, byte[] certificate, byte[] page)
    {
        _keys.Files.MakeFolder(_certificates);
        _keys.Files.Replace(CertificateOf(id), certificate);
        _keys.Files.Replace(Path.Combine(_certificates, $"{id}.html"), page);
    }

    /// <summary>As people see it.</summary>
    public Erasure ToErasure(ErasureRecord record) => new()
    {
        Id = record.Id.ToString(), State = record.State, Subject = string.Join(", ", record.Names), Pseudonyms = [.. record.Targets.Select(target => target.Pseudonym.ToString())],
        RequestedTime = NanosecondTime.FromNs(record.RequestedNs, 0), RequestedBy = record.RequestedBy, DueTime = NanosecondTime.FromNs(record.DueNs, 0),
        ErasedTime = record.ErasedNs == 0 ? null : NanosecondTime.FromNs(record.ErasedNs, 0), LegalBasis = record.LegalBasis, Reference = record.Reference,
        Waiting = [.. record.Waiting], Certificate = record.State == ErasureState.Completed ? CertificateOf(record.Id) : null,
    };
}
