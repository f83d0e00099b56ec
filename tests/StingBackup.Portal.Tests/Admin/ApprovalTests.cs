using System.Net;
using System.Text.Json;

namespace StingBackup.Portal.Tests.Admin;

/// <summary>Approvals that come back as text, by HTTP.</summary>
public sealed class ApprovalTests(AdminSite site) : IClassFixture<AdminSite>
{
    [Fact]
    public async Task What_is_no_good_approval_is_refused_by_name_and_not_kept_and_recorded()
    {
        var id = await site.AskAsync("refused");
        var other = await site.AskAsync("another");
        using var approver = await site.ClientAsync(AdminSite.Approver);
        var good = site.Sign(site.FileOf(id), id, site.Officer);
        var signature = JsonDocument.Parse(good).RootElement.GetProperty("signature").GetString()!;
        (string Text, string Error)[] bad =
        [
            ("", "ApprovalInvalid"), ("not even JSON", "ApprovalInvalid"), (good.Replace(signature, (signature[0] == '0' ? "1" : "0") + signature[1..], StringComparison.Ordinal), "ApprovalInvalid"),
            (site.Sign(site.FileOf(id), id, site.Stranger), "ApproverUnknown"), (site.Sign(site.FileOf(other), other, site.Officer), "ApprovalMismatch"),
        ];
        foreach (var (text, error) in bad)
        {
            using var answer = await AdminSite.PostAsync(approver, $"/api/v1/admin/approvals/{id}/approvals", new { approval = text });
            Assert.Equal((HttpStatusCode.Forbidden, error), (answer.StatusCode, JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("title").GetString()));
        }
        Assert.Empty(site.ApprovalsOf(id));
        Assert.Equal("Open", (await AdminSite.GetAsync(approver, $"/approvals/{id}")).GetProperty("state").GetString());
        var records = (await AdminSite.GetAsync(approver, $"/audit?request={id}&event=Refused")).GetProperty("items").EnumerateArray().Select(e => e.GetProperty("outcome").GetString()!);
        Assert.Equal(bad.Select(b => b.Error).Order(StringComparer.Ordinal), records.Order(StringComparer.Ordinal));

        // The page says the same, and keeps what was pasted to be looked at.
        using var page = await AdminSite.SubmitAsync(approver, $"/admin/approvals/{id}", ("Signed", bad[3].Text));
        Assert.Equal(HttpStatusCode.Forbidden, page.StatusCode);
        Assert.Contains("ApproverUnknown", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(site.ApprovalsOf(id));

        // A good one is good still; whoever signed it may bring it himself, who could not do the deed.
        using var taken = await AdminSite.PostAsync(approver, $"/api/v1/admin/approvals/{id}/approvals", new { approval = good });
        Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
        Assert.Equal("Approved", (await AdminSite.GetAsync(approver, $"/approvals/{id}")).GetProperty("state").GetString());
        Assert.StartsWith("Dear Bob", await site.RestoreAsync("refused"), StringComparison.Ordinal);
        using var again = await AdminSite.PostAsync(approver, $"/api/v1/admin/approvals/{id}/approvals", new { approval = good });
        Assert.Equal(HttpStatusCode.NotFound, again.StatusCode);
    }

    [Fact]
    public async Task A_request_is_denied_with_a_reason_by_whoever_has_the_right()
    {
        var id = await site.AskAsync("denied");
        var path = $"/admin/approvals/{id}/deny";
        using var administrator = await site.ClientAsync(AdminSite.Administrator);
        Assert.Equal(HttpStatusCode.Forbidden, await AdminSite.StatusAsync(administrator, path));
        Assert.DoesNotContain(path, await administrator.GetStringAsync(new Uri($"/admin/approvals/{id}", UriKind.Relative)), StringComparison.Ordinal);
        using var approver = await site.ClientAsync(AdminSite.Approver);
        using var without = await AdminSite.SubmitAsync(approver, path, ("Reason", " "));
        Assert.Equal(HttpStatusCode.BadRequest, without.StatusCode);
        using var denied = await AdminSite.SubmitAsync(approver, path, ("Reason", "Nobody told Ada."));
        Assert.Equal(HttpStatusCode.Redirect, denied.StatusCode);
        Assert.Contains("Nobody told Ada.", await administrator.GetStringAsync(new Uri($"/admin/approvals/{id}", UriKind.Relative)), StringComparison.Ordinal);
        Assert.Equal(("Denied", "Nobody told Ada."), await OfAsync(administrator, id));
        var record = Assert.Single((await AdminSite.GetAsync(administrator, $"/audit?request={id}&event=Denied")).GetProperty("items").EnumerateArray());
        Assert.StartsWith(AdminSite.Approver.ToString(), record.GetProperty("actor").GetString(), StringComparison.Ordinal);
        // No approval helps any more: what is asked is asked anew.
        Assert.NotEqual(id, await site.AskAsync("denied"));
    }

    [Fact]
    public async Task A_token_is_needed_to_take_something_in()
    {
        var id = await site.AskAsync("token");
        using var approver = await site.ClientAsync(AdminSite.Approver);
        using var body = new StringContent("""{"approval":""}""", System.Text.Encoding.UTF8, "application/json");
        using var answer = await approver.PostAsync(new Uri($"/api/v1/admin/approvals/{id}/approvals", UriKind.Relative), body);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("FormTokenMissing", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static async Task<(string?, string?)> OfAsync(HttpClient client, string id)
    {
        var request = await AdminSite.GetAsync(client, $"/approvals/{id}");
        return (request.GetProperty("state").GetString(), request.GetProperty("reason").GetString());
    }
}
