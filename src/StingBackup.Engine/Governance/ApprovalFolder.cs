using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Governance;

/// <summary>
/// Requests and approvals as files that a person can read, copy and carry: <c>&lt;id&gt;.request</c> and beside it <c>&lt;id&gt;.approval</c>. What is over is kept under names that end in
/// <c>.closed</c>; an approval that was no good in one that ends in <c>.rejected</c>. Nothing in these files is believed: signatures and the audit chain say what holds.
/// </summary>
internal sealed class ApprovalFolder(string stateFolder)
{
    public const string RequestSuffix = ".request";
    public const string ApprovalSuffix = ".approval";
    private const string ClosedSuffix = ".closed";
    private const string RejectedSuffix = ".rejected";
    private const string RequestKind = "sting approval request";
    private const string ApprovalKind = "sting approval";
    private const int Version = 1;
    private const int MaxLength = 16 << 20;
    private const string TimeForm = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdef");

    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true, AllowDuplicateProperties = false,
    };

    /// <summary>The folder.</summary>
    public string Path { get; } = System.IO.Path.Combine(stateFolder, "approvals");

    /// <summary>Where a request lies.</summary>
    public string RequestPath(Id16 id) => System.IO.Path.Combine(Path, id + RequestSuffix);

    /// <summary>Where its approval is looked for.</summary>
    public string ApprovalPath(Id16 id) => System.IO.Path.Combine(Path, id + ApprovalSuffix);

    /// <summary>Where a request's approval goes: beside it; where several are needed, under the approver's own name.</summary>
    public static string ApprovalPathOf(string requestPath, string? approver = null) =>
        (requestPath.EndsWith(RequestSuffix, StringComparison.Ordinal) ? requestPath[..^RequestSuffix.Length] : requestPath) + (approver is null ? "" : "." + approver) + ApprovalSuffix;

    /// <summary>The approvals that lie here of a request, good or not.</summary>
    public IReadOnlyList<string> ApprovalFiles(Id16 id) => [.. Names().Where(name => IdOfApproval(name).Contains(id)).Select(name => System.IO.Path.Combine(Path, name))];

    /// <summary>Ids of what lies here, ascending: open requests, and approvals whose request may be gone.</summary>
    public IEnumerable<Id16> Ids() => Names().SelectMany(n => IdOf(n, RequestSuffix).Concat(IdOfApproval(n))).Distinct().Order();

    /// <summary>Ids of requests that are over.</summary>
    public IEnumerable<Id16> ClosedIds() => Names().SelectMany(n => IdOf(n, RequestSuffix + ClosedSuffix)).Distinct().Order();

    /// <summary>A request here; null where there is none or it cannot be read.</summary>
    public GuardRequest? Find(Id16 id, bool closed = false)
    {
        try
        {
            var request = ReadRequest(RequestPath(id) + (closed ? ClosedSuffix : ""));
            return request.Id == id ? request : null;
        }
        catch (StingException)
        {
            return null;
        }
    }

    /// <summary>Whether an approval lies here, good or not.</summary>
    public bool HasApproval(Id16 id) => ApprovalFiles(id).Count > 0;

    /// <summary>Keeps a new request.</summary>
    public void Keep(GuardRequest request) => Write(RequestPath(request.Id), ToBytes(request));

    /// <summary>A request is over: it and its approval are moved aside.</summary>
    public void Close(Id16 id)
    {
        Move(RequestPath(id), RequestPath(id) + ClosedSuffix);
        foreach (var approval in ApprovalFiles(id))
        {
            Move(approval, approval + ClosedSuffix);
        }
        File.Delete(LockPath(id));
    }

    /// <summary>Keeps why a request was denied, beside it. It is for people: that it was denied says the audit chain.</summary>
    public void KeepReason(Id16 id, string reason) => Write(ReasonPath(id), Encoding.UTF8.GetBytes(reason));

    /// <summary>Why a request was denied; null where nobody said.</summary>
    public string? ReasonOf(Id16 id) => File.Exists(ReasonPath(id)) ? File.ReadAllText(ReasonPath(id)).TrimEnd() : null;

    /// <summary>An approval was no good: a good one may take its place.</summary>
    public static void Reject(string approval) => Move(approval, approval + RejectedSuffix);

    /// <summary>Holds a request against other processes for as long as its deed takes; the system drops the lock with the process.</summary>
    /// <exception cref="StingException"><c>ApprovalInUse</c>, <c>LockUnusable</c></exception>
    public IDisposable? Lock(Id16 id) =>
        FileLock.Take(LockPath(id), () => new StingException("ApprovalInUse", FailureKind.Busy, $"What request {id} approves is being done by another process.", id.ToString(), "Wait for it to end."));

    /// <summary>Reads a request file from wherever it lies.</summary>
    /// <exception cref="StingException"><c>ApprovalRequestInvalid</c></exception>
    public static GuardRequest ReadRequest(string path)
    {
        try
        {
            var file = Parse<RequestFile>(ReadBounded(path));
            var request = new GuardRequest(Id(file.Id), Id(file.Reserve), new DangerousPlan(file.Command, file.Target) { Facts = [.. file.Facts.Select(f => f is null ? throw new FormatException("a fact is none") : new PlanFact(f.Name, f.Value))], Subjects = [.. file.Subjects.Select(Id)] },
                file.Requester, Id(file.Writer), Time(file.Created), Time(file.Expires)) { Needed = file.Needed ?? 1 };
            request = file.Operation is { } named && Enum.TryParse<GuardedOperation>(named, out var operation) ? request with { Plan = request.Plan with { Operation = operation } } : request;
            return file.Kind == RequestKind && file.Version == Version && request.Plan.Digest == Hash(file.PlanDigest) ? request : throw new FormatException("its plan is not the one that was asked for");
        }
        catch (Exception e) when (e is FormatException or JsonException or IOException or UnauthorizedAccessException)
        {
            throw new StingException("ApprovalRequestInvalid", e is FileNotFoundException or DirectoryNotFoundException ? FailureKind.NotFound : FailureKind.Refused,
                $"'{path}' is not a request that can be approved: {e.Message}", path, "Copy the request file anew from the host that asked; Get-StingApproval shows where it lies.", e);
        }
    }

    /// <summary>Reads an approval: for which request, and what was signed.</summary>
    /// <exception cref="FormatException">It is no approval.</exception>
    public static (Id16 Reserve, Id16 Request, Id32 PlanDigest, GuardApproval Approval) ReadApproval(string path)
    {
        try
        {
            return ParseApproval(ReadBounded(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FormatException("it cannot be read: " + e.Message, e);
        }
    }

    /// <summary>The same of the text of one.</summary>
    /// <exception cref="FormatException">It is no approval.</exception>
    public static (Id16 Reserve, Id16 Request, Id32 PlanDigest, GuardApproval Approval) ParseApproval(ReadOnlySpan<byte> text)
    {
        try
        {
            var file = Parse<ApprovalFile>(text);
            return file.Kind != ApprovalKind || file.Version != Version ? throw new FormatException("it is no approval of this version")
                : (Id(file.Reserve), Id(file.Request), Hash(file.PlanDigest), new GuardApproval(Id(file.Approver), Hash(file.RequestDigest), Time(file.Given), Time(file.Expires), Bytes(file.Signature, P256.SignatureSize)));
        }
        catch (JsonException e)
        {
            throw new FormatException("it cannot be read: " + e.Message, e);
        }
    }

    /// <summary>Writes an approval of a request.</summary>
    /// <exception cref="StingException"><c>ApprovalNotWritten</c></exception>
    public static void WriteApproval(string path, GuardRequest request, GuardApproval approval) => Write(path, JsonSerializer.SerializeToUtf8Bytes(new ApprovalFile(
        ApprovalKind, Version, request.Reserve.ToString(), request.Id.ToString(), request.Plan.Digest.ToString(), approval.RequestDigest.ToString(), approval.Approver.ToString(),
        Text(approval.Given), Text(approval.Expires), Convert.ToHexStringLower(approval.Signature)), Json));

    private static byte[] ToBytes(GuardRequest request) => JsonSerializer.SerializeToUtf8Bytes(new RequestFile(
        RequestKind, Version, request.Id.ToString(), request.Reserve.ToString(), request.Plan.Verb, request.Plan.Target, [.. request.Plan.Facts.Select(f => new FactLine(f.Name, f.Value))],
        [.. request.Plan.Subjects.Select(s => s.ToString())], request.Actor, request.Writer.ToString(), Text(request.Created), Text(request.Expires), request.Plan.Digest.ToString(),
        request.Needed > 1 ? request.Needed : null, request.Plan.Operation == AccessTable.OperationOf(request.Plan.Verb) ? null : request.Plan.Operation.ToString()), Json);

    private string ReasonPath(Id16 id) => System.IO.Path.Combine(Path, id + ".denial");

    private string LockPath(Id16 id) => System.IO.Path.Combine(Path, id + ".lock");

    private IEnumerable<string> Names() => Directory.Exists(Path) ? Directory.EnumerateFiles(Path).Select(f => System.IO.Path.GetFileName(f)).Order(StringComparer.Ordinal) : [];

    private static IEnumerable<Id16> IdOf(string name, string suffix) =>
        name.EndsWith(suffix, StringComparison.Ordinal) && Id16.TryParse(name[..^suffix.Length], out var id) ? [id] : [];

    /// <summary>Of <c>&lt;id&gt;.approval</c> and <c>&lt;id&gt;.&lt;approver&gt;.approval</c>.</summary>
    private static IEnumerable<Id16> IdOfApproval(string name) =>
        name.EndsWith(ApprovalSuffix, StringComparison.Ordinal) && Id16.TryParse(name.Split('.')[0], out var id) ? [id] : [];

    private static byte[] ReadBounded(string path) => new FileInfo(path).Length > MaxLength ? throw new FormatException("it is too long") : File.ReadAllBytes(path);

    private static T Parse<T>(ReadOnlySpan<byte> text) => JsonSerializer.Deserialize<T>(text, Json) ?? throw new FormatException("it is empty");

    private static void Write(string path, byte[] content)
    {
        try
        {
            var folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
            if (!Directory.Exists(folder))
            {
                Directory.CreateDirectory(folder);
            }
            Durable.WriteFile(path, [.. content, (byte)'\n'], replace: true, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StingException("ApprovalNotWritten", FailureKind.Io, $"'{path}' could not be written: {e.Message}", path, "See that the folder is there, has room, and belongs to whoever runs this.", e);
        }
    }

    private static void Move(string from, string to)
    {
        if (File.Exists(from))
        {
            File.Move(from, to, overwrite: true);
        }
    }

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString(TimeForm, CultureInfo.InvariantCulture);

    private static DateTimeOffset Time(string text) => DateTimeOffset.ParseExact(text, TimeForm, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    private static Id16 Id(string text) => new(Bytes(text, Id16.Size));

    private static Id32 Hash(string text) => new(Bytes(text, Id32.Size));

    // Lower case alone: one approval has one text.
    private static byte[] Bytes(string? text, int length) => text?.Length == 2 * length && !text.AsSpan().ContainsAnyExcept(Digits) ? Convert.FromHexString(text)
        : throw new FormatException($"'{(text?.Length > 80 ? text[..80] : text)}' is not {length} bytes in hexadecimal digits");

    private sealed record FactLine(string Name, string Value);

    private sealed record RequestFile(
        string Kind, int Version, string Id, string Reserve, string Command, string Target, IReadOnlyList<FactLine> Facts, IReadOnlyList<string> Subjects, string Requester, string Writer, string Created,
        string Expires, string PlanDigest, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Needed = null,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Operation = null);

    private sealed record ApprovalFile(
        string Kind, int Version, string Reserve, string Request, string PlanDigest, string RequestDigest, string Approver, string Given, string Expires, string Signature);
}
