// What can go wrong, by a name that code compares; sentences are in words.js.

export class Trouble extends Error {
    /** @param {string} name   a key of words.js
     *  @param {object} facts  what its sentence tells, never a secret */
    constructor(name, facts = {}) {
        super(name);
        this.name = name;
        this.facts = facts;
    }
}
