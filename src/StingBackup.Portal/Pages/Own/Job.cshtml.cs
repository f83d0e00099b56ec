using Microsoft.AspNetCore.Mvc;
using StingBackup.Portal.Access;
using StingBackup.Portal.Own;

namespace StingBackup.Portal.Pages.Own;

/// <summary>A job: how far it is, and how it ended. Without a script the page is loaded again every few seconds.</summary>
[PortalRule(Audience.Person)]
internal sealed class JobModel(OwnPeople people, OwnJobs jobs) : OwnPage(people)
{
    [BindProperty(SupportsGet = true)]
    public string Id { get; set; } = "";

    public JobView Job { get; private set; } = null!;

    public void OnGet() => Job = jobs.Find(Owner, Id).View;
}

/// <summary>Stops a job, after one more look.</summary>
[PortalRule(Audience.Person, Fresh = true)]
internal sealed class JobStopModel(OwnPeople people, OwnJobs jobs) : OwnPage(people)
{
    [BindProperty(SupportsGet = true)]
    public string Id { get; set; } = "";

    public JobView Job { get; private set; } = null!;

    public void OnGet() => Job = jobs.Find(Owner, Id).View;

    public IActionResult OnPost()
    {
        jobs.Find(Owner, Id).Stop();
        return LocalRedirect($"/jobs/{Id}");
    }
}
