// What this device keeps of shares, in IndexedDB: one object each, under its
// `id`. A promise is kept only once the data is on the disk.

const NAME = 'wallet';
const SHARES = 'shares';

function result(request) {
    return new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
}

export class Store {
    #database;

    static async open() {
        const request = indexedDB.open(NAME, 1);
        request.onupgradeneeded = () =>
            request.result.createObjectStore(SHARES, {keyPath: 'id'});
        const store = new Store();
        store.#database = await result(request);
        return store;
    }

    /** One transaction; `durability: strict` waits for the disk. */
    async #do(mode, work) {
        const transaction = this.#database.transaction(
            SHARES, mode, {durability: 'strict'});
        const done = new Promise((resolve, reject) => {
            transaction.oncomplete = resolve;
            transaction.onabort = () => reject(transaction.error);
        });
        const value = await result(work(transaction.objectStore(SHARES)));
        await done;
        return value;
    }

    /** undefined: there is none. */
    get(id) {
        return this.#do('readonly', (shares) => shares.get(id));
    }

    all() {
        return this.#do('readonly', (shares) => shares.getAll());
    }

    async put(share) {
        await this.#do('readwrite', (shares) => shares.put(share));
        return share;
    }

    remove(id) {
        return this.#do('readwrite', (shares) => shares.delete(id));
    }
}
