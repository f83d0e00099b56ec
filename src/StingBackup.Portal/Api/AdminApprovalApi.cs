using System.Net.Mime;
using StingBackup.Engine.Governance;
using StingBackup.Portal.Admin;

namespace StingBackup.Portal.Api;

/// <summary>An approval that was signed elsewhere.</summary>
/// <param name="Approval">The text of its file.</param>
internal sealed record ApprovalBody(string? Approval);

/// <summary>Why a request is denied.</summary>
/// <param name="Reason">For whoever asked.</param>
internal sealed record DenialBody(string? Reason);

/// <summary>Requests and approvals. An approver's key never comes here: what it signed does.</summary>
internal static class AdminApprovalApi
{
    public static void Map(RouteGroupBuilder admin)
    {
        admin.MapGet("/approvals", async (HttpContext context, AdminDesk desk, CancellationToken cancel, bool all = false) => TypedResults.Ok(new Part<ApprovalRequest>(
            [.. (await desk.UseAsync(context.Me(), (installation, stop) => ApprovalDesk.ListAsync(installation, all, stop), cancel).ConfigureAwait(false)).Select(Told)], null)))
            .For("Get-StingApproval", "Requests for approvals, oldest first; with all=true those that are over too");
        admin.MapGet("/approvals/{id}", async (string id, HttpContext context, AdminDesk desk, CancellationToken cancel) => TypedResults.Ok(Told(
            (await desk.UseAsync(context.Me(), (installation, stop) => ApprovalDesk.ListAsync(installation, all: true, stop), cancel).ConfigureAwait(false)).FirstOrDefault(r => r.Id.Equals(id, StringComparison.OrdinalIgnoreCase))
            ?? throw new StingException("ApprovalRequestUnknown", FailureKind.NotFound, $"This host has no request '{id}'.", id, "List the approvals."))))
            .For("Get-StingApproval", "A request: its exact plan, who asked, how it stands");
        admin.MapGet("/approvals/{id}/file", async (string id, HttpContext context, AdminDesk desk, CancellationToken cancel) => TypedResults.File(
            await desk.UseAsync(context.Me(), (installation, _) => ValueTask.FromResult(ApprovalInbox.RequestFile(installation, id)), cancel).ConfigureAwait(false), MediaTypeNames.Application.Octet, id + ".request"))
            .For("Get-StingApproval", "The request's file, for Approve-StingApproval (sting-backup approve) on the approver's machine").Produces(StatusCodes.Status200OK, contentType: MediaTypeNames.Application.Octet);
        admin.MapPost("/approvals/{id}/approvals", async (string id, ApprovalBody body, HttpContext context, AdminDesk desk, CancellationToken cancel) =>
        {
            var taken = await desk.UseAsync(context.Me(), (installation, stop) => ApprovalInbox.TakeInAsync(installation, id, body.Approval ?? "", stop), cancel).ConfigureAwait(false);
            desk.Changed();
            return TypedResults.Ok(taken with { ApprovalFile = Path.GetFileName(taken.ApprovalFile) });
        }).For("Get-StingApproval", "Takes in the text of an approval; one that is not good is refused by name, and nothing of it is kept");
        admin.MapPost("/approvals/{id}/deny", async (string id, DenialBody body, HttpContext context, AdminDesk desk, CancellationToken cancel) =>
        {
            if (string.IsNullOrWhiteSpace(body.Reason) || body.Reason.Length > Pages.Admin.DenyModel.LongestReason)
            {
                throw new StingException("ReasonNeeded", FailureKind.InvalidArgument, "A denial needs a reason.", null, "Say in a sentence why, for whoever asked.");
            }
            var denied = await desk.UseAsync(context.Me(), (installation, stop) => ApprovalDesk.DenyAsync(installation, id, body.Reason, stop), cancel).ConfigureAwait(false);
            desk.Changed();
            return TypedResults.Ok(Told(denied));
        }).For("Deny-StingApproval", "Denies a request for good", fresh: true);
    }

    // Where folders of the host lie is nothing that goes out.
    private static ApprovalRequest Told(ApprovalRequest request) => request with { Path = Path.GetFileName(request.Path) };
}
