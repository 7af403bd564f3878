namespace ActorRaid.SysfsIo;

/// <summary>Watches /proc/mdstat on a thread of its own and hands on its text whenever the kernel says that it changed.</summary>
public sealed class MdStatWatcher : IDisposable
{
    /// <summary>The kernel's file.</summary>
    public const string DefaultPath = "/proc/mdstat";

    /// <summary>
    /// The kernel announces a failure here and in the array's own attributes at the same moment. Writers wait for those;
    /// this file, which lists the arrays and changes in bursts, is read a little later.
    /// </summary>
    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(3);

    private readonly SysfsAttribute file;
    private readonly EventLoop loop;

    private MdStatWatcher(SysfsAttribute file, EventLoop loop)
    {
        this.file = file;
        this.loop = loop;
    }

    /// <summary>What the callback throws. The watcher goes on.</summary>
    public event Action<Exception>? Failed
    {
        add => loop.Failed += value;
        remove => loop.Failed -= value;
    }

    /// <summary>
    /// Starts watching. <paramref name="changed"/> is called on the watcher's thread: once at first, then after every change,
    /// with the text as it is at that time, or with the error of reading it. A few milliseconds' changes come as one call.
    /// </summary>
    public static Result<MdStatWatcher> Start(Action<Result<string>> changed, string path = DefaultPath)
    {
        var opened = SysfsAttribute.Open(path);
        if (!opened.Ok)
        {
            return opened.Error;
        }
        var loop = EventLoop.Start("mdstat");
        if (!loop.Ok)
        {
            opened.Value.Dispose();
            return loop.Error;
        }
        var watcher = new MdStatWatcher(opened.Value, loop.Value);
        void Tell() => changed(watcher.file.Read());
        watcher.loop.Watch(watcher.file, () =>
        {
            Thread.Sleep(Settling);
            Tell();
        });
        watcher.loop.Post(Tell);
        return watcher;
    }

    /// <summary>Calls back once more with the file as it is now, changed or not.</summary>
    public void Refresh(Action<Result<string>> told) => loop.Post(() => told(file.Read()));

    /// <summary>Ends the thread; no call comes after it has returned, unless it is called from within the callback.</summary>
    public void Dispose()
    {
        file.Dispose();
        loop.Dispose();
    }
}
