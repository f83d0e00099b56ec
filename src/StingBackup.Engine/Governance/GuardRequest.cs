using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Governance;

/// <summary>A request for an approval as it stands in its file: the plan, who asked, and until when it may be approved.</summary>
/// <param name="Id">16 random bytes.</param>
/// <param name="Reserve">The reserve.</param>
/// <param name="Plan">What would be done.</param>
/// <param name="Actor">Who asked: account and host.</param>
/// <param name="Writer">The audit chain that the request stands in.</param>
/// <param name="Created">When, in whole seconds.</param>
/// <param name="Expires">Until when.</param>
internal sealed record GuardRequest(Id16 Id, Id16 Reserve, DangerousPlan Plan, string Actor, Id16 Writer, DateTimeOffset Created, DateTimeOffset Expires)
{
    /// <summary>How many must approve it, for people: the guard counts by the configuration of the day.</summary>
    public int Needed { get; init; } = 1;

    /// <summary>
    /// SHA-256 of <c>sting1 request</c> ‖ CBOR {1: suite, 2: reserve, 3: id, 4: plan digest, 5: actor, 6: writer, 7: created, 8: expires}: an approver signs what he saw, the requester included.
    /// </summary>
    public Id32 Digest
    {
        get
        {
            var cbor = CborFields.StartMap(8);
            CborFields.Write(cbor, 1, Suite.P256);
            CborFields.Write(cbor, 2, Reserve.ToArray());
            CborFields.Write(cbor, 3, Id.ToArray());
            CborFields.Write(cbor, 4, Plan.Digest.ToArray());
            DangerousPlan.Write(cbor, 5, Actor);
            CborFields.Write(cbor, 6, Writer.ToArray());
            CborFields.Write(cbor, 7, NanosecondTime.ToNs(Created));
            CborFields.Write(cbor, 8, NanosecondTime.ToNs(Expires));
            return DangerousPlan.Hash("sting1 request"u8, CborFields.End(cbor));
        }
    }

    /// <summary>As people see it.</summary>
    public ApprovalRequest ToRecord(string path, ApprovalState state, string? problem = null, int given = 0) => new()
    {
        Id = Id.ToString(), State = state, Command = Plan.Verb, Target = Plan.Target, Facts = [.. Plan.Facts], Requester = Actor, Writer = Writer.ToString(), ReserveId = Reserve.ToString(),
        CreatedTime = Created, ExpiresTime = Expires, PlanDigest = Plan.Digest.ToString(), Path = path, Problem = problem, Needed = Needed, Given = given,
    };
}
